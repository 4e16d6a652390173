// The services of the API: their names and the form of their answers.
#pragma once

#include <string_view>

#include "aws/error.h"

namespace ginnel::api {

struct ServiceForm {
  std::string_view scope;  // its name in the credential scope
  std::string_view title;  // its name in error texts
  std::string_view version;
  std::string_view xml_namespace;
  aws::Protocol protocol;
};

// By the name in the credential scope; nullptr where there is none.
[[nodiscard]] const ServiceForm* find_service(std::string_view scope);

}  // namespace ginnel::api
