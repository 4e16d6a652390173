// What dispatch needs to know of an operation. The generated headers have one such value per operation.
#pragma once

#include <string_view>

namespace ginnel::aws {

struct OperationInfo {
  std::string_view name;
  bool has_dry_run = false;
  bool has_client_token = false;
  bool is_paged = false;
};

}  // namespace ginnel::aws
