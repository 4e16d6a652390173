// Names and descriptions of security groups and their rules: up to 255 characters of one set.
// Source: CreateSecurityGroup of the EC2 API, "Constraints for EC2-VPC".
#pragma once

#include <algorithm>
#include <string_view>

namespace ginnel::api {

inline constexpr std::string_view kGroupTextSet = "a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*";

[[nodiscard]] inline bool is_group_text(std::string_view text) {
  constexpr std::string_view kOthers = " ._-:/()#,@[]+=&;{}!$*";
  return text.size() < 256 && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

}  // namespace ginnel::api
