#include "api/dispatch.h"

#include <fmt/format.h>

#include "api/ec2/region_fixture.h"
#include "api/render.h"
#include "generated/ec2.h"
#include "generated/elbv2.h"
#include "generated/sts.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;

class Dispatch : public RegionFixture {
 protected:
  // `parameters` without Version; commits what a call changes.
  aws::ApiResult<Outcome> send(std::string_view service, const std::string& parameters,
                               const char* account = kAccount) {
    const std::string version = service == "ec2" ? "2016-11-15" : service == "sts" ? "2011-06-15" : "2015-12-01";
    return send_raw(service, fmt::format("Version={}&{}", version, parameters), account);
  }
  aws::ApiResult<Outcome> send_raw(std::string_view service, const std::string& text, const char* account = kAccount) {
    const auto query = aws::Query::parse(text);
    if (!query) return query.error();
    auto outcome = dispatcher.handle(service, *query, call(account));
    if (outcome) commit(outcome->change);
    return outcome;
  }
  std::string code_of(const aws::ApiResult<Outcome>& result) { return result ? "none" : result.error().code; }

  const Dispatcher dispatcher;
};

TEST_F(Dispatch, ActionIsFoundByServiceAndName) {
  const auto outcome = send("sts", "Action=GetCallerIdentity");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->body,
            "<UserId>111122223333</UserId><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:root</Arn>");
  EXPECT_TRUE(outcome->change.empty());
  EXPECT_EQ(code_of(send("ec2", "Action=GetCallerIdentity")), "InvalidAction");
  EXPECT_EQ(code_of(send("sts", "Action=DescribeVpcs")), "InvalidAction");
  EXPECT_THAT(send("ec2", "Action=MakeCoffee").error().message, HasSubstr("The action MakeCoffee is not valid"));
}

TEST_F(Dispatch, ActionAndVersionMustBeGiven) {
  EXPECT_EQ(code_of(send("ec2", "")), "MissingAction");
  EXPECT_EQ(code_of(send_raw("ec2", "Action=DescribeVpcs")), "MissingParameter");
  const auto old = send_raw("ec2", "Action=DescribeVpcs&Version=2008-01-01");
  EXPECT_EQ(code_of(old), "NoSuchVersion");
  EXPECT_EQ(old.error().message, "The requested version (2008-01-01) of service AmazonEC2 does not exist");
  EXPECT_EQ(code_of(send_raw("s3", "Action=ListBuckets&Version=2006-03-01")), "InvalidAction");
}

TEST_F(Dispatch, EveryDescribedOperationHasAnAction) {
  const auto is_known = [&](std::string_view service, std::string_view name) {
    return code_of(send(service, fmt::format("Action={}", name))) != "InvalidAction";
  };
#define GINNEL_CHECK_KNOWN(Name) EXPECT_TRUE(is_known(kService, #Name)) << #Name;
  {
    constexpr std::string_view kService = "ec2";
    GINNEL_EC2_OPERATIONS(GINNEL_CHECK_KNOWN)
  }
  {
    constexpr std::string_view kService = "elasticloadbalancing";
    GINNEL_ELBV2_OPERATIONS(GINNEL_CHECK_KNOWN)
  }
  {
    constexpr std::string_view kService = "sts";
    GINNEL_STS_OPERATIONS(GINNEL_CHECK_KNOWN)
  }
#undef GINNEL_CHECK_KNOWN
}

TEST_F(Dispatch, ReadingActionsDoNotMutate) {
  EXPECT_FALSE(dispatcher.mutates("ec2", "DescribeVpcs"));
  EXPECT_FALSE(dispatcher.mutates("sts", "GetCallerIdentity"));
  EXPECT_FALSE(dispatcher.mutates("elasticloadbalancing", "DescribeLoadBalancers"));
  EXPECT_FALSE(dispatcher.mutates("ec2", "MakeCoffee"));
  EXPECT_FALSE(dispatcher.mutates("s3", "CreateBucket"));
  const auto reads = [](std::string_view name) { return name.starts_with("Describe") || name.starts_with("Get"); };
#define GINNEL_CHECK_KIND(Name) EXPECT_EQ(dispatcher.mutates("ec2", #Name), !reads(#Name)) << #Name;
  GINNEL_EC2_OPERATIONS(GINNEL_CHECK_KIND)
#undef GINNEL_CHECK_KIND
}

TEST_F(Dispatch, ParametersAreCheckedByName) {
  EXPECT_EQ(send("ec2", "Action=DeleteVpc").error().message, "The request must contain the parameter VpcId");
  const auto unknown = send("ec2", "Action=DescribeVpcs&Colour=green");
  EXPECT_EQ(code_of(unknown), "UnknownParameter");
  EXPECT_EQ(unknown.error().message, "The parameter Colour is not recognized");
}

TEST_F(Dispatch, DryRunFailsAsTheCallWouldOrSaysThatItWouldSucceed) {
  const auto before = snapshot;
  const auto created = send("ec2", "Action=CreateVpc&CidrBlock=10.9.0.0/16&DryRun=true");
  EXPECT_EQ(code_of(created), "DryRunOperation");
  EXPECT_EQ(created.error().http_status, 412);
  EXPECT_EQ(created.error().message, "Request would have succeeded, but DryRun flag is set.");
  EXPECT_TRUE(snapshot.table<model::Vpc>().same_as(before.table<model::Vpc>()));
  EXPECT_EQ(code_of(send("ec2", "Action=CreateVpc&CidrBlock=10.9.0.0/8&DryRun=true")), "InvalidVpc.Range");
  EXPECT_EQ(code_of(send("ec2", "Action=DescribeVpcs&DryRun=true")), "DryRunOperation");
  EXPECT_TRUE(send("ec2", "Action=DescribeVpcs&DryRun=false"));
}

std::string endpoint_request(const std::string& more) {
  return fmt::format(
      "Action=CreateVpcEndpoint&VpcEndpointType=Interface&VpcId={}&SubnetId.1={}"
      "&ServiceName=com.amazonaws.ap-northeast-1.plain&PrivateDnsEnabled=false{}",
      kVpc, kSubnetA, more);
}

TEST_F(Dispatch, SameTokenAndParametersGetTheSameAnswerOnce) {
  const auto first = send("ec2", endpoint_request("&ClientToken=one"));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->change.empty());
  const auto second = send("ec2", endpoint_request("&ClientToken=one"));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->change.empty());
  EXPECT_EQ(second->body, first->body);
  EXPECT_EQ(snapshot.table<model::VpcEndpoint>().size(), 1U);
}

TEST_F(Dispatch, TokenWithOtherParametersIsRefused) {
  ASSERT_TRUE(send("ec2", endpoint_request("&ClientToken=one")));
  const auto other = send("ec2", endpoint_request(fmt::format("&ClientToken=one&SecurityGroupId.1={}", kWebGroup)));
  EXPECT_EQ(code_of(other), "IdempotentParameterMismatch");
  EXPECT_THAT(other.error().message, HasSubstr("'one'"));
}

TEST_F(Dispatch, TokensAreOfOneAccountAndAction) {
  ASSERT_TRUE(send("ec2", endpoint_request("&ClientToken=one")));
  const auto run = fmt::format(
      "Action=RunInstances&MinCount=1&MaxCount=1&ImageId=ami-00000000000000000&SubnetId={}&ClientToken=one", kSubnetA);
  EXPECT_EQ(code_of(send("ec2", run)), "none");
  const auto others =
      fmt::format("Action=RunInstances&MinCount=1&MaxCount=1&ImageId=ami-00000000000000000&SubnetId={}&ClientToken=one",
                  kOtherSubnet);
  EXPECT_EQ(code_of(send("ec2", others, kOtherAccount)), "none");
  EXPECT_EQ(snapshot.table<model::ClientToken>().size(), 3U);
}

TEST_F(Dispatch, TokenIsForgottenAfterADay) {
  ASSERT_TRUE(send("ec2", endpoint_request("&ClientToken=one")));
  now += std::chrono::hours(24);
  ASSERT_TRUE(send("ec2", endpoint_request(fmt::format("&ClientToken=one&SecurityGroupId.1={}", kWebGroup))));
  EXPECT_EQ(snapshot.table<model::VpcEndpoint>().size(), 2U);
}

TEST_F(Dispatch, OldTokensAreClearedAFewAtATime) {
  for (int i = 0; i < 20; ++i) {
    model::Change change;
    change.put(
        model::ClientToken{.id = fmt::format("{}/Old/{:02}", kAccount, i),
                           .account = kAccount,
                           .created = call().now_ms() - std::chrono::milliseconds(model::kClientTokenKept).count()});
    commit(change);
  }
  ASSERT_TRUE(send("ec2", endpoint_request("&ClientToken=zz")));
  EXPECT_EQ(snapshot.table<model::ClientToken>().size(), 20U + 1 - 8);
}

TEST_F(Dispatch, DryRunKeepsNoToken) {
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken=one&DryRun=true"))), "DryRunOperation");
  EXPECT_EQ(snapshot.table<model::ClientToken>().size(), 0U);
}

TEST_F(Dispatch, FailedCallKeepsNoToken) {
  EXPECT_NE(code_of(send("ec2", endpoint_request("&ClientToken=one&SecurityGroupId.1=sg-0123456789abcdef0"))), "none");
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken=one"))), "none");
}

TEST_F(Dispatch, BadTokensAreRefused) {
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken="))), "InvalidParameterValue");
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken=%C3%A9"))), "InvalidParameterValue");
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken=" + std::string(65, 'x')))), "InvalidParameterValue");
  EXPECT_EQ(code_of(send("ec2", endpoint_request("&ClientToken=" + std::string(64, 'x')))), "none");
}

TEST(Render, Ec2Answer) {
  const auto answer = render("ec2", "DescribeVpcs", Outcome{"<vpcSet/>", {}}, "id-1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/xml;charset=UTF-8");
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id-1</requestId>"
            "<vpcSet/></DescribeVpcsResponse>");
}

TEST(Render, QueryAnswer) {
  const auto answer = render("sts", "GetCallerIdentity", Outcome{"<Account>1</Account>", {}}, "id-1");
  EXPECT_EQ(answer.content_type, "text/xml");
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
            "<GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>");
}

TEST(Render, ErrorsHaveTheFormOfTheirService) {
  const aws::ApiResult<Outcome> failed(aws::api_error("Some.Code", "a < b", 403));
  const auto ec2 = render("ec2", "DescribeVpcs", failed, "id-1");
  EXPECT_EQ(ec2.status, 403);
  EXPECT_EQ(ec2.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<Response><Errors><Error><Code>Some.Code</Code><Message>a &lt; b</Message></Error></Errors>"
            "<RequestID>id-1</RequestID></Response>");
  EXPECT_EQ(render("", "", failed, "id-1").body, ec2.body);
  const auto elb = render("elasticloadbalancing", "DescribeLoadBalancers", failed, "id-1");
  EXPECT_EQ(elb.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error>"
            "<Type>Sender</Type><Code>Some.Code</Code><Message>a &lt; b</Message></Error>"
            "<RequestId>id-1</RequestId></ErrorResponse>");
  const aws::ApiResult<Outcome> broken(aws::internal_failure(aws::Protocol::kQuery));
  const auto ours = render("sts", "GetCallerIdentity", broken, "id-1");
  EXPECT_EQ(ours.status, 500);
  EXPECT_THAT(ours.body, HasSubstr("<Type>Receiver</Type>"));
}

}  // namespace
}  // namespace ginnel::api
