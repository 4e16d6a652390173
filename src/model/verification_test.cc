#include "model/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ginnel::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EndpointService named_service() {
  EndpointService service;
  service.id = "vpce-svc-1";
  service.private_dns_name = "db.example.com";
  service.txt_name = "_a";
  service.txt_value = "vpce:b";
  service.verification_asked = 5;
  return service;
}

Snapshot with(const EndpointService& service) {
  Change change;
  change.put(service);
  return Snapshot().with(change);
}

std::string state_after(const Snapshot& snapshot, const Change& change) {
  return snapshot.with(change).find<EndpointService>("vpce-svc-1")->private_dns_state;
}

TEST(Verification, IsWantedOnceItWasAskedFor) {
  auto service = named_service();
  EXPECT_THAT(wanted_verifications(with(service)),
              ElementsAre(WantedVerification{"vpce-svc-1", "db.example.com", "_a", "vpce:b"}));
  service.verification_asked = 0;
  EXPECT_THAT(wanted_verifications(with(service)), IsEmpty());
}

TEST(Verification, EndsInVerifiedOrFailed) {
  const auto before = with(named_service());
  EXPECT_EQ(state_after(before, private_dns_verified(before, "vpce-svc-1", "_a", "vpce:b", true)), "verified");
  EXPECT_EQ(state_after(before, private_dns_verified(before, "vpce-svc-1", "_a", "vpce:b", false)), "failed");
}

TEST(Verification, TakesAResultOnce) {
  const auto before = with(named_service());
  const auto after = before.with(private_dns_verified(before, "vpce-svc-1", "_a", "vpce:b", true));
  EXPECT_THAT(wanted_verifications(after), IsEmpty());
  EXPECT_TRUE(private_dns_verified(after, "vpce-svc-1", "_a", "vpce:b", false).empty());
}

TEST(Verification, IgnoresStaleResults) {
  const auto snapshot = with(named_service());
  EXPECT_TRUE(private_dns_verified(snapshot, "vpce-svc-1", "_old", "vpce:b", true).empty());
  EXPECT_TRUE(private_dns_verified(snapshot, "vpce-svc-1", "_a", "vpce:old", true).empty());
  EXPECT_TRUE(private_dns_verified(snapshot, "vpce-svc-2", "_a", "vpce:b", true).empty());
}

}  // namespace
}  // namespace ginnel::model
