#include "model/verification.h"

namespace ginnel::model {

std::vector<WantedVerification> wanted_verifications(const Snapshot& snapshot) {
  std::vector<WantedVerification> out;
  for (const auto* service : snapshot.table<EndpointService>().all()) {
    if (service->verification_asked == 0) continue;
    out.push_back({service->id, service->private_dns_name, service->txt_name, service->txt_value});
  }
  return out;
}

Change private_dns_verified(const Snapshot& newest, std::string_view service_id, std::string_view txt_name,
                            std::string_view txt_value, bool found) {
  Change change;
  const auto* service = newest.find<EndpointService>(service_id);
  if (!service || service->verification_asked == 0) return change;
  if (service->txt_name != txt_name || service->txt_value != txt_value) return change;
  EndpointService next = *service;
  next.private_dns_state = found ? "verified" : "failed";
  next.verification_asked = 0;
  change.put(std::move(next));
  return change;
}

}  // namespace ginnel::model
