// Pages of the ELBv2 describe actions: Marker and PageSize.
#pragma once

#include <algorithm>
#include <vector>

#include "aws/page.h"

namespace ginnel::api {

inline constexpr int kMaxElbPage = 400;

// One page of `items`, in the order of their ids. The request has `page_size` and `marker`.
template <typename T, typename Request>
aws::ApiResult<aws::Page<const T*>> elb_page(std::string_view operation, const Request& request,
                                             std::vector<const T*> items) {
  std::sort(items.begin(), items.end(), [](const T* a, const T* b) { return a->id < b->id; });
  items.erase(std::unique(items.begin(), items.end()), items.end());
  const aws::PageForm form{operation, 1, kMaxElbPage, false, "PageSize", "Marker", aws::Protocol::kQuery};
  return aws::paginate(form, {request.page_size, request.marker}, std::move(items),
                       [](const T* item) { return item->id; });
}

}  // namespace ginnel::api
