#include "api/elbv2/tags.h"

#include "api/ec2/tags.h"
#include "api/elbv2/account_limits.h"
#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using ElbTags = BalancerFixture;

TEST_F(ElbTags, AreAddedAndRemovedOnEveryKindOfResource) {
  const auto balancer = make_balancer(), group = make_group(), listener = make_listener(balancer, group);
  run(add_elb_tags,
      {.resource_arns = {balancer, group, listener}, .tags = {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}}});
  run(remove_elb_tags, {.resource_arns = {group, listener}, .tag_keys = {"a", "absent"}});
  run(remove_elb_tags, {.resource_arns = {listener}, .tag_keys = {"b"}});
  const auto described = run(describe_elb_tags, {.resource_arns = {listener, group, balancer}}).tag_descriptions;
  ASSERT_EQ(described.size(), 3U);
  std::map<std::string, size_t> counts;
  for (const auto& one : described) counts[*one.resource_arn] = one.tags.size();
  EXPECT_EQ(counts, (std::map<std::string, size_t>{{balancer, 2}, {group, 1}, {listener, 0}}));
  EXPECT_EQ(snapshot.find<model::Tags>(listener), nullptr);
  EXPECT_TRUE(run(describe_tags, ec2::DescribeTagsRequest{}).tags.empty());  // EC2 does not show them
}

TEST_F(ElbTags, AreChecked) {
  const auto balancer = make_balancer();
  EXPECT_EQ(error_of(add_elb_tags, {.resource_arns = {balancer}, .tags = {{.key = "a"}, {.key = "a"}}}),
            "DuplicateTagKeys: Tag key was specified more than once: a");
  elbv2::AddTagsRequest many{.resource_arns = {balancer}};
  for (int i = 0; i < 50; ++i) many.tags.push_back({.key = std::to_string(i)});
  run(add_elb_tags, many);
  EXPECT_THAT(error_of(add_elb_tags, {.resource_arns = {balancer}, .tags = {{.key = "a"}}}),
              StartsWith("TooManyTags: "));
  EXPECT_THAT(error_of(add_elb_tags, {.resource_arns = {"x"}, .tags = {{.key = "a"}}}),
              HasSubstr("Value (x) for parameter ResourceArns"));
  EXPECT_THAT(error_of(add_elb_tags, {.resource_arns = {balancer}, .tags = {{.key = "a"}}}, kOtherAccount),
              StartsWith("LoadBalancerNotFound: "));
  EXPECT_THAT(error_of(add_elb_tags, {.resource_arns = {balancer}}), HasSubstr("Tags"));
  EXPECT_THAT(error_of(remove_elb_tags, {.resource_arns = {balancer}}), HasSubstr("TagKeys"));
  EXPECT_THAT(error_of(describe_elb_tags, {}), HasSubstr("ResourceArns"));
  EXPECT_THAT(error_of(describe_elb_tags, {.resource_arns = std::vector<std::string>(21, balancer)}),
              HasSubstr("(21)"));
}

TEST_F(ElbTags, TheAccountsLimitsAreThoseThatAreKept) {
  std::map<std::string, std::string> limits;
  const auto first = run(describe_account_limits, {.page_size = 3});
  const auto rest = run(describe_account_limits, {.marker = first.next_marker});
  for (const auto* page : {&first, &rest}) {
    for (const auto& limit : page->limits) limits[*limit.name] = *limit.max;
  }
  EXPECT_EQ(limits.size(), 5U);
  EXPECT_EQ(limits.at("listeners-per-network-load-balancer"), "50");
  EXPECT_EQ(limits.at("targets-per-network-load-balancer"), "3000");
}

TEST_F(ElbTags, NoCapacityIsReserved) {
  const auto balancer = make_balancer();
  EXPECT_FALSE(run(describe_capacity_reservation, {.load_balancer_arn = balancer}).minimum_load_balancer_capacity);
  EXPECT_THAT(error_of(describe_capacity_reservation, {.load_balancer_arn = balancer}, kOtherAccount),
              StartsWith("LoadBalancerNotFound: "));
}

}  // namespace
}  // namespace ginnel::api
