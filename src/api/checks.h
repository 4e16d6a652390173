// Errors that several actions share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/error.h"

namespace ginnel::api {

// DependencyViolation if there are `dependents`, the first of which it names. `what` is "The vpc 'vpc-1'".
aws::ApiStatus check_unused(std::string_view what, const std::vector<std::string>& dependents);

// Modify…Attribute takes one attribute per call; `given` are those that a request has.
aws::ApiStatus check_one_attribute(const std::vector<std::string_view>& given);

}  // namespace ginnel::api
