// Whether a provider owns the private name that it gave its service.
//
// A provider shows it by a TXT record: `txt_value` under `txt_name`.DOMAIN, or under the domain itself. A new name
// waits in pendingVerification until StartVpcEndpointServicePrivateDnsVerification asks for a look-up; only then is the
// record looked up, once, and the name becomes verified or failed. Pure functions; the look-up itself is the daemon's.
// Source: "Manage DNS names for VPC endpoint services" (AWS PrivateLink guide).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace ginnel::model {

// A look-up that was asked for and has no result yet.
struct WantedVerification {
  std::string service;    // "vpce-svc-…"
  std::string domain;     // the private name
  std::string txt_name;   // "_…": one label, to stand before the domain
  std::string txt_value;  // "vpce:…", to be found exactly
  friend bool operator==(const WantedVerification&, const WantedVerification&) = default;
};

// By service id.
[[nodiscard]] std::vector<WantedVerification> wanted_verifications(const Snapshot& snapshot);

// What a look-up of the record found means for `newest`. Empty where the result is stale: the service is gone, its name
// has another record by now, or no look-up is wanted any more (so the same result a second time does nothing).
[[nodiscard]] Change private_dns_verified(const Snapshot& newest, std::string_view service_id,
                                          std::string_view txt_name, std::string_view txt_value, bool found);

}  // namespace ginnel::model
