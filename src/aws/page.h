// Pages of Describe calls: MaxResults and NextToken (Marker and PageSize in ELBv2).
//
// A token names the key of the last item that was given, so it stays good while things are created and deleted
// between pages: nothing that lasts is left out or given twice. It is opaque to clients, and good for the operation
// that made it only; it is no secret.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/error.h"

namespace ginnel::aws {

struct PageForm {
  std::string_view operation;
  int smallest = 5;  // MaxResults under it is refused
  int largest = 1000;
  bool clamps = true;  // MaxResults over `largest` is taken as `largest`, else refused
  std::string_view size_name = "MaxResults";
  std::string_view token_name = "NextToken";
  Protocol protocol = Protocol::kEc2;
};

// What a request asks for.
struct PageRequest {
  std::optional<int> size;
  std::optional<std::string> token;
  // The name of the id list ("InstanceId") if the request has both ids and MaxResults and the operation refuses that.
  std::string_view ids_name = {};
};

// How a request is to be answered, checked.
struct PageCut {
  std::size_t size;   // at most so many items
  std::string after;  // only those whose key is greater
};

// InvalidParameterValue for a size out of range (a token of its own code, InvalidNextToken, in EC2),
// InvalidParameterCombination for ids together with a size.
[[nodiscard]] ApiResult<PageCut> read_page_request(const PageForm& form, const PageRequest& request);
[[nodiscard]] std::string make_page_token(const PageForm& form, std::string_view last_key);

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next_token;
};

// `items` are sorted by `key` (bytewise, no key twice, none empty), a function from an item to a text.
template <typename T, typename Key>
[[nodiscard]] ApiResult<Page<T>> paginate(const PageForm& form, const PageRequest& request, std::vector<T> items,
                                          Key key) {
  GINNEL_TRY(const PageCut cut, read_page_request(form, request));
  const auto begin = std::find_if(items.begin(), items.end(), [&](const T& item) { return key(item) > cut.after; });
  items.erase(items.begin(), begin);
  if (items.size() <= cut.size) return Page<T>{std::move(items), std::nullopt};
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(cut.size), items.end());
  std::string token = make_page_token(form, key(items.back()));
  return Page<T>{std::move(items), std::move(token)};
}

}  // namespace ginnel::aws
