// An outcome, or an error, as the HTTP answer that clients of AWS expect.
#pragma once

#include <string>
#include <string_view>

#include "api/action_table.h"

namespace ginnel::api {

struct Rendered {
  int status = 200;
  std::string_view content_type;
  std::string body;
};

// `service` as in Dispatcher; an unknown one (the signature failed before it was known) is answered in EC2's form.
[[nodiscard]] Rendered render(std::string_view service, std::string_view action, const aws::ApiResult<Outcome>& result,
                              std::string_view request_id);

}  // namespace ginnel::api
