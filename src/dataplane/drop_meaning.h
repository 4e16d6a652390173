// What the reasons of drops mean, in the words of abi/drop_reason.h.
#pragma once

#include <string_view>

namespace ginnel::dataplane {

// Of "ingress_denied"; empty where there is no such reason.
[[nodiscard]] std::string_view drop_meaning(std::string_view reason);

}  // namespace ginnel::dataplane
