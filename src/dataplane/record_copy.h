// How the bytes of one layout of a record become those of another, by what BTF says of both.
//
// Members are matched by name, at every depth, and so are elements of arrays by their place. An integer may become
// wider or narrower; members of fixed byte order may not. What only the new layout has is zero. A change of meaning
// under the same name is not seen here: migration.cc has a place for such. Immutable; any thread.
// Sources: linux/btf.h, Documentation/bpf/btf.rst.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ginnel::dataplane {

// A type of a BTF that outlives it; or, where there is none (btf null), so many bytes of which no more is known.
struct RecordType {
  const btf* types = nullptr;
  uint32_t id = 0;
  uint32_t size = 0;
};

class RecordCopy {
 public:
  // Refuses members of one name that cannot be compared, as a number and a structure; and, without BTF, other sizes.
  // `record` is for the error.
  static Result<RecordCopy> between(const RecordType& from, const RecordType& to, const std::string& record);

  // `to` has the new layout's size. False if a number or an array does not fit into its narrower member.
  [[nodiscard]] bool convert(const uint8_t* from, uint8_t* to) const;
  // Whether both layouts are the same bytes.
  [[nodiscard]] bool is_identity() const;
  [[nodiscard]] uint32_t from_size() const { return from_size_; }
  [[nodiscard]] uint32_t to_size() const { return to_size_; }

 private:
  struct Step {
    uint32_t from, from_size, to, to_size;
    bool is_signed;
  };
  RecordCopy(uint32_t from_size, uint32_t to_size) : from_size_(from_size), to_size_(to_size) {}
  void merge_neighbours();
  [[nodiscard]] static bool convert(const Step& step, const uint8_t* from, uint8_t* to);

  friend class RecordMatcher;
  uint32_t from_size_, to_size_;
  std::vector<Step> steps_;
  std::vector<std::pair<uint32_t, uint32_t>> must_be_zero_;  // offset and length in the old layout
};

// Whether a type is nothing but unsigned numbers of 64 bits: a counter, or several.
bool is_counters(const RecordType& type);

// Where a member of a variable lies in a section such as .rodata; nothing without BTF, or if there is none.
std::optional<uint32_t> member_offset(const RecordType& section, std::string_view variable, std::string_view member);

}  // namespace ginnel::dataplane
