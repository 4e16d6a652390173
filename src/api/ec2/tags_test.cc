#include "api/ec2/tags.h"

#include <fmt/format.h>

#include "api/counter.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/vpcs.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using Tagging = RegionFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ec2::CreateTagsRequest put(std::vector<std::string> resources, std::vector<ec2::Tag> tags) {
  return {.resources = std::move(resources), .tags = std::move(tags)};
}

std::vector<std::string> shown(const ec2::DescribeTagsResponse& response) {
  std::vector<std::string> out;
  for (const auto& tag : response.tags) {
    out.push_back(fmt::format("{} {} {}={}", *tag.resource_type, *tag.resource_id, *tag.key, *tag.value));
  }
  return out;
}

TEST_F(Tagging, TagsAreAddedAndReplaced) {
  run(create_tags, put({kVpc, kSubnetA}, {{.key = "Name", .value = "one"}, {.key = "stage", .value = ""}}));
  run(create_tags, put({kVpc}, {{.key = "Name", .value = "two"}}));
  EXPECT_THAT(shown(run(describe_tags, ec2::DescribeTagsRequest{})),
              ElementsAre("subnet subnet-0000000000000000a Name=one", "subnet subnet-0000000000000000a stage=",
                          "vpc vpc-00000000000000001 Name=two", "vpc vpc-00000000000000001 stage="));
}

TEST_F(Tagging, EveryKindOfResourceCanHaveTags) {
  model::Change change;
  change.put(model::SecurityGroupRule{.id = "sgr-00000000000000001", .account = kAccount, .group = kWebGroup});
  change.put(model::NetworkInterface{.id = "eni-00000000000000001", .account = kAccount});
  change.put(model::Instance{.id = "i-00000000000000001", .account = kAccount});
  change.put(model::VpcEndpoint{.id = "vpce-00000000000000001", .account = kAccount});
  commit(change);
  run(create_tags, put({"sgr-00000000000000001", "eni-00000000000000001", "i-00000000000000001",
                        "vpce-00000000000000001", kWebGroup},
                       {{.key = "a", .value = "b"}}));
  EXPECT_THAT(shown(run(describe_tags, ec2::DescribeTagsRequest{})),
              ElementsAre("network-interface eni-00000000000000001 a=b", "instance i-00000000000000001 a=b",
                          "security-group sg-00000000000000002 a=b", "security-group-rule sgr-00000000000000001 a=b",
                          "vpc-endpoint vpce-00000000000000001 a=b"));
}

TEST_F(Tagging, AllResourcesOrNone) {
  EXPECT_EQ(error_of(create_tags, put({kVpc, "vpc-0123456789abcdef0"}, {{.key = "a", .value = "b"}})),
            "InvalidVpcID.NotFound: The vpc ID 'vpc-0123456789abcdef0' does not exist");
  EXPECT_THAT(error_of(create_tags, put({kOtherVpc}, {{.key = "a", .value = "b"}})),
              StartsWith("InvalidVpcID.NotFound"));
  EXPECT_EQ(error_of(create_tags, put({"pizza-1"}, {{.key = "a", .value = "b"}})),
            "InvalidID: The ID 'pizza-1' is not valid");
  EXPECT_THAT(error_of(create_tags, put({"vpc-1"}, {{.key = "a", .value = "b"}})),
              StartsWith("InvalidVpcID.Malformed"));
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
}

TEST_F(Tagging, TagsHaveRules) {
  const auto refused = [&](std::vector<ec2::Tag> tags) { return error_of(create_tags, put({kVpc}, std::move(tags))); };
  EXPECT_THAT(refused({}), StartsWith("MissingParameter"));
  EXPECT_EQ(refused({{.value = "b"}}), "MissingParameter: The request must contain the parameter Tag.1.Key");
  EXPECT_THAT(refused({{.key = ""}}), StartsWith("MissingParameter"));
  EXPECT_THAT(refused({{.key = "aws:x", .value = "b"}}), HasSubstr("'aws:' are reserved"));
  EXPECT_EQ(refused({{.key = "a", .value = "b"}, {.key = "a", .value = "c"}}),
            "InvalidParameterValue: Duplicate tag key 'a' specified.");
  EXPECT_THAT(refused({{.key = std::string(129, 'k')}}), HasSubstr("maximum length of 128"));
  EXPECT_THAT(refused({{.key = "a", .value = std::string(257, 'v')}}), HasSubstr("maximum length of 256"));
  // Characters count, not bytes.
  std::string key;
  for (int i = 0; i < 128; ++i) key += "\xC3\xA9";
  run(create_tags, put({kVpc}, {{.key = key, .value = std::string(256, 'v')}}));
}

TEST_F(Tagging, FiftyTagsPerResource) {
  std::vector<ec2::Tag> tags;
  for (int i = 0; i < 50; ++i) tags.push_back({.key = fmt::format("k{}", i), .value = ""});
  run(create_tags, put({kVpc}, tags));
  EXPECT_THAT(error_of(create_tags, put({kVpc}, {{.key = "more", .value = ""}})), StartsWith("TagLimitExceeded"));
  run(create_tags, put({kVpc}, {{.key = "k7", .value = "replaced"}}));
  tags.push_back({.key = "more", .value = ""});
  EXPECT_THAT(
      error_of(create_vpc, ec2::CreateVpcRequest{.cidr_block = "10.9.0.0/16",
                                                 .tag_specifications = {{.resource_type = "vpc", .tags = tags}}}),
      StartsWith("TagLimitExceeded"));
}

TEST_F(Tagging, TagsAreDeletedByKeyByValueOrAll) {
  run(create_tags,
      put({kVpc, kSubnetA}, {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}, {.key = "c", .value = ""}}));
  run(delete_tags, ec2::DeleteTagsRequest{.resources = {kVpc},
                                          .tags = {{.key = "a"}, {.key = "b", .value = "other"}, {.key = "none"}}});
  EXPECT_EQ(snapshot.tags_of(kVpc), (model::TagMap{{"b", "2"}, {"c", ""}}));
  run(delete_tags, ec2::DeleteTagsRequest{.resources = {kVpc}, .tags = {{.key = "b", .value = "2"}}});
  EXPECT_EQ(snapshot.tags_of(kVpc), (model::TagMap{{"c", ""}}));
  run(delete_tags, ec2::DeleteTagsRequest{.resources = {kSubnetA, kVpc}});
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
  EXPECT_THAT(error_of(delete_tags, ec2::DeleteTagsRequest{.resources = {kOtherVpc}}),
              StartsWith("InvalidVpcID.NotFound"));
  EXPECT_THAT(error_of(delete_tags, ec2::DeleteTagsRequest{.resources = {kVpc}, .tags = {{.value = "x"}}}),
              StartsWith("MissingParameter"));
}

TEST_F(Tagging, SettingWhatIsSetChangesNothing) {
  run(create_tags, put({kVpc}, {{.key = "a", .value = "1"}}));
  const auto again = create_tags(call(), put({kVpc}, {{.key = "a", .value = "1"}}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->change.empty());
}

TEST_F(Tagging, DescribedByFilterAndOfTheAccount) {
  run(create_tags, put({kVpc, kSubnetA}, {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}}));
  const auto found = [&](const char* filter, const char* value) {
    return shown(run(describe_tags, ec2::DescribeTagsRequest{.filters = {{.name = filter, .values = {value}}}})).size();
  };
  EXPECT_EQ(found("key", "a"), 2U);
  EXPECT_EQ(found("value", "2"), 2U);
  EXPECT_EQ(found("resource-id", kVpc), 2U);
  EXPECT_EQ(found("resource-type", "subnet"), 2U);
  EXPECT_EQ(found("tag:a", "1"), 2U);
  EXPECT_EQ(found("tag:a", "2"), 0U);
  EXPECT_TRUE(run(describe_tags, ec2::DescribeTagsRequest{}, kOtherAccount).tags.empty());
  EXPECT_THAT(error_of(describe_tags, ec2::DescribeTagsRequest{.filters = {{.name = "colour", .values = {"x"}}}}),
              HasSubstr("'colour'"));
}

TEST_F(Tagging, DescribedInPages) {
  std::vector<ec2::Tag> tags;
  for (int i = 0; i < 12; ++i) tags.push_back({.key = fmt::format("k{:02}", i), .value = ""});
  run(create_tags, put({kVpc}, tags));
  const auto first = run(describe_tags, ec2::DescribeTagsRequest{.max_results = 5});
  ASSERT_EQ(first.tags.size(), 5U);
  run(delete_tags, ec2::DeleteTagsRequest{.resources = {kVpc}, .tags = {{.key = "k04"}, {.key = "k05"}}});
  const auto second = run(describe_tags, ec2::DescribeTagsRequest{.max_results = 5, .next_token = first.next_token});
  ASSERT_EQ(second.tags.size(), 5U);
  EXPECT_EQ(second.tags[0].key, "k06");
  const auto last = run(describe_tags, ec2::DescribeTagsRequest{.max_results = 5, .next_token = second.next_token});
  EXPECT_EQ(last.tags.size(), 1U);
  EXPECT_FALSE(last.next_token);
}

TEST_F(Tagging, SpecificationsOnCreate) {
  using Specification = ec2::TagSpecification;
  const auto refused = [&](std::vector<Specification> all) {
    const auto parsed = NewTags::parse(all, {"vpc", "subnet"});
    return parsed ? "no error" : parsed.error().code + ": " + parsed.error().message;
  };
  const Specification vpc{.resource_type = "vpc", .tags = {{.key = "a", .value = "b"}}};
  EXPECT_EQ(refused({vpc}), "no error");
  EXPECT_EQ(refused({vpc, vpc}), "InvalidParameterValue: The resource type 'vpc' has more than one tag specification.");
  EXPECT_EQ(refused({{.resource_type = "vpc"}}), "InvalidParameterValue: Tag specification must have at least one tag");
  EXPECT_EQ(refused({{.tags = {{.key = "a"}}}}),
            "MissingParameter: The request must contain the parameter TagSpecification.1.ResourceType");
  EXPECT_EQ(refused({vpc, {.resource_type = "subnet", .tags = {{.key = "a"}, {}}}}),
            "MissingParameter: The request must contain the parameter TagSpecification.2.Tag.2.Key");
}

TEST(ResourceIds, HaveAPrefixAndHexadecimalDigits) {
  EXPECT_TRUE(is_resource_id("vpc-0123abcd", "vpc"));
  EXPECT_TRUE(is_resource_id("vpc-0123456789abcdef0", "vpc"));
  for (const char* bad :
       {"", "vpc", "vpc-", "vpc-1", "vpc-0123ABCD", "vpce-0123abcd", "vpc-0123abcd0", "vpc_0123abcd"}) {
    EXPECT_FALSE(is_resource_id(bad, "vpc")) << bad;
  }
}

TEST(Counters, GiveEachNumberOnce) {
  model::Snapshot snapshot;
  model::Change change;
  EXPECT_EQ(next_number(snapshot, change, "vpc"), 1U);
  EXPECT_EQ(next_number(snapshot, change, "vpc"), 2U);
  EXPECT_EQ(next_number(snapshot, change, "security-group"), 1U);
  snapshot = snapshot.with(change);
  model::Change later;
  EXPECT_EQ(next_number(snapshot, later, "vpc"), 3U);
}

}  // namespace
}  // namespace ginnel::api
