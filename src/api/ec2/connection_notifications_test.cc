#include "api/ec2/connection_notifications.h"

#include <boost/json.hpp>

#include "api/ec2/service_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;
using Create = ec2::CreateVpcEndpointConnectionNotificationRequest;

constexpr const char* kTopic = "arn:aws:sns:ap-northeast-1:444455556666:connections";
constexpr const char* kOtherTopic = "arn:aws:sns:ap-northeast-1:111122223333:mine";

class ConnectionNotifications : public ServiceFixture {
 protected:
  Create wanted() { return {.service_id = service_, .connection_notification_arn = kTopic, .connection_events = kAll}; }
  std::string create_error(const Create& request) {
    return error_of(create_connection_notification, request, kOtherAccount);
  }
  std::string notify(const Create& request, const char* account = kOtherAccount) {
    return *run(create_connection_notification, request, account).connection_notification->connection_notification_id;
  }
  // "TOPIC EVENT STATE" of what waits to be delivered, which is then taken as delivered.
  std::vector<std::string> take_messages() {
    std::vector<std::string> out;
    model::Change change;
    for (const auto* one : snapshot.table<model::OutboxMessage>().all()) {
      const auto json = boost::json::parse(one->message).as_object();
      const auto text = [&](const char* key) { return std::string(json.at(key).as_string()); };
      out.push_back(one->topic + " " + text("event") + " " + text("vpcEndpointState"));
      last_ = json;
      change.erase(*one);
    }
    commit(change);
    return out;
  }

  const std::vector<std::string> kAll = {"Connect", "Accept", "Reject", "Delete"};
  std::string service_ = offer();
  boost::json::object last_;
};

TEST_F(ConnectionNotifications, AreMadeAndShown) {
  const auto made = *run(create_connection_notification, wanted(), kOtherAccount).connection_notification;
  EXPECT_THAT(*made.connection_notification_id, StartsWith("vpce-nfn-"));
  EXPECT_EQ(*made.service_id, service_);
  EXPECT_FALSE(made.vpc_endpoint_id);
  EXPECT_EQ(*made.connection_notification_type, "Topic");
  EXPECT_EQ(*made.connection_notification_state, "Enabled");
  EXPECT_EQ(*made.connection_notification_arn, kTopic);
  EXPECT_THAT(made.connection_events, ElementsAre("Accept", "Connect", "Delete", "Reject"));
  EXPECT_THAT(run(describe_connection_notifications, {}).connection_notification_set, IsEmpty());
  const auto count = [&](const char* name, const std::string& value) {
    return run(describe_connection_notifications, {.filters = {{.name = name, .values = {value}}}}, kOtherAccount)
        .connection_notification_set.size();
  };
  EXPECT_EQ(count("connection-notification-arn", kTopic), 1U);
  EXPECT_EQ(count("connection-notification-id", "x"), 0U);
  EXPECT_EQ(count("connection-notification-state", "Enabled"), 1U);
  EXPECT_EQ(count("connection-notification-type", "Topic"), 1U);
  EXPECT_EQ(count("service-id", service_), 1U);
  EXPECT_EQ(count("vpc-endpoint-id", "*"), 0U);
}

TEST_F(ConnectionNotifications, RefuseWhatMakesNoSense) {
  auto request = wanted();
  request.vpc_endpoint_id = "vpce-00000000000000000";
  EXPECT_THAT(create_error(request), StartsWith("InvalidParameterCombination: "));
  request = wanted();
  request.service_id.reset();
  EXPECT_THAT(create_error(request), HasSubstr("ServiceId or VpcEndpointId"));
  request.vpc_endpoint_id = "vpce-00000000000000000";
  EXPECT_THAT(create_error(request), StartsWith("InvalidVpcEndpointId.NotFound: "));
  request = wanted();
  request.connection_events = {"Explode"};
  EXPECT_THAT(create_error(request), StartsWith("InvalidParameterValue: Value (Explode)"));
  for (const char* bad : {"", "x", "arn:aws:sns:us-east-1:444455556666:t", "arn:aws:sns:ap-northeast-1:4:t",
                          "arn:aws:sns:ap-northeast-1:444455556666:", "arn:aws:sqs:ap-northeast-1:444455556666:t"}) {
    request = wanted();
    request.connection_notification_arn = bad;
    EXPECT_THAT(create_error(request), StartsWith("InvalidParameterValue: ")) << bad;
  }
  const auto id = notify(wanted());
  EXPECT_EQ(create_error(wanted()), std::string("InvalidParameter: The topic ") + kTopic +
                                        " has a connection notification for " + service_ + " already (" + id + ")");
}

TEST_F(ConnectionNotifications, TellOfEveryEvent) {
  notify(wanted());
  const auto id = connect(service_);
  EXPECT_THAT(take_messages(), ElementsAre(std::string(kTopic) + " Connect pendingAcceptance"));
  EXPECT_EQ(last_.at("vpcEndpointId").as_string(), id);
  EXPECT_EQ(last_.at("vpcEndpointServiceId").as_string(), service_);
  EXPECT_EQ(last_.at("vpcEndpointOwner").as_string(), kAccount);
  EXPECT_EQ(last_.at("timestamp").as_string(), "2027-01-15T08:00:00.000Z");
  accept(service_, {id});
  EXPECT_THAT(take_messages(), ElementsAre(std::string(kTopic) + " Accept pending"));
  accept(service_, {id});
  EXPECT_THAT(take_messages(), IsEmpty());
  reject(service_, {id});
  reject(service_, {id});
  EXPECT_THAT(take_messages(), ElementsAre(std::string(kTopic) + " Reject rejected"));
  run(delete_vpc_endpoints, {.vpc_endpoint_ids = {id}});
  run(delete_vpc_endpoints, {.vpc_endpoint_ids = {id}});
  EXPECT_THAT(take_messages(), ElementsAre(std::string(kTopic) + " Delete deleting"));
}

TEST_F(ConnectionNotifications, OfAnEndpointTellOfThatEndpoint) {
  const auto first = connect(service_);
  const auto second = connect(service_);
  notify(wanted());
  const auto own =
      notify({.vpc_endpoint_id = first, .connection_notification_arn = kOtherTopic, .connection_events = {"Accept"}},
             kAccount);
  accept(service_, {first, second});
  const std::string provider = std::string(kTopic) + " Accept pending";
  EXPECT_THAT(take_messages(), UnorderedElementsAre(provider, provider, std::string(kOtherTopic) + " Accept pending"));
  reject(service_, {first});
  EXPECT_THAT(take_messages(), ElementsAre(std::string(kTopic) + " Reject rejected"));
  // It goes with its endpoint.
  run(delete_vpc_endpoints, {.vpc_endpoint_ids = {first}});
  apply();
  EXPECT_EQ(snapshot.find<model::ConnectionNotification>(own), nullptr);
}

TEST_F(ConnectionNotifications, CanBeModifiedAndDeleted) {
  const auto id = notify(wanted());
  const auto modify = [&](ec2::ModifyVpcEndpointConnectionNotificationRequest request) {
    request.connection_notification_id = id;
    return run(modify_connection_notification, request, kOtherAccount);
  };
  modify({.connection_events = {"Delete"}});
  EXPECT_THAT(snapshot.find<model::ConnectionNotification>(id)->events, ElementsAre("Delete"));
  modify({.connection_notification_arn = kOtherTopic});
  EXPECT_EQ(snapshot.find<model::ConnectionNotification>(id)->topic, kOtherTopic);
  notify(wanted());
  EXPECT_THAT(error_of(modify_connection_notification,
                       ec2::ModifyVpcEndpointConnectionNotificationRequest{.connection_notification_id = id,
                                                                           .connection_notification_arn = kTopic},
                       kOtherAccount),
              HasSubstr("already"));
  const auto erase = [&] {
    return failures(run(delete_connection_notifications,
                        {.connection_notification_ids = {id, "vpce-nfn-00000000000000000"}}, kOtherAccount));
  };
  EXPECT_THAT(erase(), ElementsAre("vpce-nfn-00000000000000000 InvalidConnectionNotification"));
  EXPECT_EQ(erase().size(), 2U);
}

TEST_F(ConnectionNotifications, OfAServiceGoWithIt) {
  notify(wanted());
  run(delete_service_configurations, {.service_ids = {service_}}, kOtherAccount);
  EXPECT_EQ(snapshot.table<model::ConnectionNotification>().size(), 0U);
}

}  // namespace
}  // namespace ginnel::api
