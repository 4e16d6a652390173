// The names that a certificate is for.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::tls {

// DNS names are lower case without the final dot; the first label may be "*" (RFC 6125 section 6.4.3: it stands for
// exactly one label).
struct SubjectNames {
  std::vector<std::string> dns;
  std::vector<IpAddress> addresses;
  friend auto operator<=>(const SubjectNames&, const SubjectNames&) = default;

  // Sorted, without doubles.
  [[nodiscard]] SubjectNames normalised() const;
};

// An error names the first name that cannot stand in a certificate; no name at all is an error too.
Status check_names(const SubjectNames& names);

}  // namespace ginnel::tls
