#include "tls/subject_names.h"

#include <algorithm>
#include <string_view>

namespace ginnel::tls {
namespace {

constexpr size_t kLongestName = 253, kLongestLabel = 63;  // RFC 1035 section 2.3.4

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

bool is_dns_name(std::string_view name) {
  if (name.size() > kLongestName) return false;
  if (name.starts_with("*.")) {
    name.remove_prefix(2);
    if (name.find('.') == std::string_view::npos) return false;  // clients refuse "*.com"
  }
  while (true) {
    const size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

SubjectNames SubjectNames::normalised() const {
  SubjectNames out = *this;
  sort_unique(out.dns);
  sort_unique(out.addresses);
  return out;
}

Status check_names(const SubjectNames& names) {
  if (names.dns.empty() && names.addresses.empty()) return fail("issue certificate", "", "no name is given");
  for (const std::string& name : names.dns) {
    if (!is_dns_name(name)) return fail("issue certificate", "for \"" + name + "\"", "not a lower-case DNS name");
  }
  return {};
}

}  // namespace ginnel::tls
