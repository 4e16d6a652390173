// An ordered map whose copies share structure.
//
// A copy is O(1); set and erase return a new map in O(log n) time and memory, the old one stays as it was. So a
// Snapshot of a large region is a cheap immutable value. A persistent AVL tree: nodes are immutable and shared.
// Safe to read from several threads; a PersistentMap object itself is a value like any other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ginnel {

template <typename K, typename V, typename Less = std::less<>>
class PersistentMap {
  struct Node;
  using Link = std::shared_ptr<const Node>;
  struct Node {
    std::pair<const K, V> entry;
    Link left, right;
    int height;
    size_t size;
  };

 public:
  using value_type = std::pair<const K, V>;

  // In key order. Valid while the map that made it lives.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = PersistentMap::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    Iterator() = default;
    reference operator*() const { return path_.back()->entry; }
    pointer operator->() const { return &path_.back()->entry; }
    Iterator& operator++() {
      const Node* node = path_.back();
      path_.pop_back();
      push_left(node->right.get());
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return (a.path_.empty() ? nullptr : a.path_.back()) == (b.path_.empty() ? nullptr : b.path_.back());
    }

   private:
    friend class PersistentMap;
    void push_left(const Node* node) {
      for (; node; node = node->left.get()) path_.push_back(node);
    }
    std::vector<const Node*> path_;
  };

  [[nodiscard]] size_t size() const { return size_of(root_); }
  [[nodiscard]] bool empty() const { return !root_; }

  // The value, or nullptr; valid while any copy of the map that holds it lives.
  template <typename Q>
  [[nodiscard]] const V* find(const Q& key) const {
    const Node* node = root_.get();
    while (node) {
      if (Less{}(key, node->entry.first)) {
        node = node->left.get();
      } else if (Less{}(node->entry.first, key)) {
        node = node->right.get();
      } else {
        return &node->entry.second;
      }
    }
    return nullptr;
  }
  template <typename Q>
  [[nodiscard]] bool contains(const Q& key) const {
    return find(key) != nullptr;
  }

  [[nodiscard]] PersistentMap set(K key, V value) const {
    return PersistentMap(insert(root_, std::move(key), std::move(value)));
  }
  template <typename Q>
  [[nodiscard]] PersistentMap erase(const Q& key) const {
    return contains(key) ? PersistentMap(remove(root_, key)) : *this;
  }

  [[nodiscard]] Iterator begin() const {
    Iterator it;
    it.push_left(root_.get());
    return it;
  }
  [[nodiscard]] Iterator end() const { return {}; }
  // The first entry whose key is not less than `key`.
  template <typename Q>
  [[nodiscard]] Iterator lower_bound(const Q& key) const {
    Iterator it;
    const Node* node = root_.get();
    while (node) {
      if (Less{}(node->entry.first, key)) {
        node = node->right.get();
      } else {
        it.path_.push_back(node);
        node = node->left.get();
      }
    }
    return it;
  }
  // Whether both are the same tree: a quick "nothing changed", never wrong when true.
  [[nodiscard]] bool same_as(const PersistentMap& other) const { return root_ == other.root_; }

  PersistentMap() = default;

 private:
  explicit PersistentMap(Link root) : root_(std::move(root)) {}

  static int height_of(const Link& node) { return node ? node->height : 0; }
  static size_t size_of(const Link& node) { return node ? node->size : 0; }

  static Link make(const value_type& entry, Link left, Link right) {
    const int height = 1 + std::max(height_of(left), height_of(right));
    const size_t size = 1 + size_of(left) + size_of(right);
    return std::make_shared<const Node>(Node{entry, std::move(left), std::move(right), height, size});
  }

  // A node of `entry` over two subtrees whose heights differ by at most 2.
  static Link balance(const value_type& entry, Link left, Link right) {
    if (height_of(left) > height_of(right) + 1) {
      if (height_of(left->left) >= height_of(left->right)) {
        return make(left->entry, left->left, make(entry, left->right, std::move(right)));
      }
      const Link middle = left->right;
      return make(middle->entry, make(left->entry, left->left, middle->left),
                  make(entry, middle->right, std::move(right)));
    }
    if (height_of(right) > height_of(left) + 1) {
      if (height_of(right->right) >= height_of(right->left)) {
        return make(right->entry, make(entry, std::move(left), right->left), right->right);
      }
      const Link middle = right->left;
      return make(middle->entry, make(entry, std::move(left), middle->left),
                  make(right->entry, middle->right, right->right));
    }
    return make(entry, std::move(left), std::move(right));
  }

  static Link insert(const Link& node, K&& key, V&& value) {
    if (!node) return make(value_type(std::move(key), std::move(value)), nullptr, nullptr);
    if (Less{}(key, node->entry.first)) {
      return balance(node->entry, insert(node->left, std::move(key), std::move(value)), node->right);
    }
    if (Less{}(node->entry.first, key)) {
      return balance(node->entry, node->left, insert(node->right, std::move(key), std::move(value)));
    }
    return make(value_type(std::move(key), std::move(value)), node->left, node->right);
  }

  template <typename Q>
  static Link remove(const Link& node, const Q& key) {
    if (Less{}(key, node->entry.first)) return balance(node->entry, remove(node->left, key), node->right);
    if (Less{}(node->entry.first, key)) return balance(node->entry, node->left, remove(node->right, key));
    if (!node->left) return node->right;
    if (!node->right) return node->left;
    const Node* next = node->right.get();
    while (next->left) next = next->left.get();
    return balance(next->entry, node->left, remove(node->right, next->entry.first));
  }

  Link root_;
};

}  // namespace ginnel
