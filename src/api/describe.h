// What all describe actions of one kind of resource share: ids, filters, pages.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "api/filters.h"
#include "api/lookup.h"
#include "aws/page.h"

namespace ginnel::api {

// The items that the request's filters let through, in their order.
template <typename T, typename Wanted>
aws::ApiResult<std::vector<const T*>> keep_matching(const Call& call, const Wanted& filters,
                                                    const Attributes<T>& attributes, std::vector<const T*> items) {
  GINNEL_TRY(const auto matches, filter_table(call, attributes).matcher(filters));
  items.erase(std::remove_if(items.begin(), items.end(), [&](const T* item) { return !matches(*item); }), items.end());
  return items;
}

// The caller's resources that the ids and filters ask for, in id order. Every id must exist; no ids are all.
template <typename T, typename Wanted>
aws::ApiResult<std::vector<const T*>> select_all(const Call& call, const std::vector<std::string>& ids,
                                                 const Wanted& filters, const Attributes<T>& attributes) {
  std::vector<const T*> items;
  for (const auto& id : ids) {
    GINNEL_TRY(const T* item, find_owned<T>(call, id));
    items.push_back(item);
  }
  if (ids.empty()) items = all_owned<T>(call);
  std::sort(items.begin(), items.end(), [](const T* a, const T* b) { return a->id < b->id; });
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return keep_matching(call, filters, attributes, std::move(items));
}

// The same, one page of them. The request has `filters`, `max_results` and `next_token`:
//   GINNEL_TRY(const auto page, select(call, {"DescribeVpcs"}, request, request.vpc_ids, vpc_attributes()));
template <typename T, typename Request>
aws::ApiResult<aws::Page<const T*>> select(const Call& call, const aws::PageForm& form, const Request& request,
                                           const std::vector<std::string>& ids, const Attributes<T>& attributes) {
  GINNEL_TRY(auto items, select_all(call, ids, request.filters, attributes));
  return aws::paginate(form, {request.max_results, request.next_token}, std::move(items),
                       [](const T* item) { return item->id; });
}

}  // namespace ginnel::api
