// Batch operations answer 200 and tell which of the resources they could not serve, and why.
#pragma once

#include <string>

#include "aws/error.h"
#include "generated/ec2.h"

namespace ginnel::api {

[[nodiscard]] inline ec2::UnsuccessfulItem unsuccessful_item(std::string resource_id, const aws::ApiError& error) {
  ec2::UnsuccessfulItem item;
  item.resource_id = std::move(resource_id);
  item.error = ec2::UnsuccessfulItemError{.code = error.code, .message = error.message};
  return item;
}

}  // namespace ginnel::api
