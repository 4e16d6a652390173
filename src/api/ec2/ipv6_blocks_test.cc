#include "api/ec2/ipv6_blocks.h"

#include <fmt/format.h>

#include "api/ec2/region_fixture.h"
#include "api/ec2/run_instances.h"
#include "api/ec2/security_groups.h"
#include "api/ec2/subnets.h"
#include "api/ec2/terminate_instances.h"
#include "api/ec2/vpcs.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class Ipv6Blocks : public RegionFixture {
 protected:
  Ipv6Blocks() { region.ipv6_pool = *Cidr::parse("2001:db8:0:400::/54"); }  // four blocks

  std::string associate(const char* vpc = kVpc) {
    const auto response = run(associate_vpc_cidr_block, ec2::AssociateVpcCidrBlockRequest{
                                                            .vpc_id = vpc, .amazon_provided_ipv6_cidr_block = true});
    return *response.ipv6_cidr_block_association->association_id;
  }
  std::vector<std::string> blocks(const char* vpc = kVpc) {
    std::vector<std::string> out;
    const auto response = run(describe_vpcs, ec2::DescribeVpcsRequest{.vpc_ids = {vpc}});
    for (const auto& block : response.vpcs.at(0).ipv6_cidr_block_association_set) {
      out.push_back(*block.ipv6_cidr_block);
    }
    return out;
  }
  static ec2::AssociateSubnetCidrBlockRequest to_subnet(const char* block, const char* subnet = kSubnetA) {
    return {.subnet_id = subnet, .ipv6_cidr_block = block};
  }
  ec2::Subnet describe_subnet(const char* id = kSubnetA) {
    return run(describe_subnets, ec2::DescribeSubnetsRequest{.subnet_ids = {id}}).subnets.at(0);
  }
};

TEST_F(Ipv6Blocks, OfANewVpcComeFromThePool) {
  ec2::CreateVpcRequest request{.cidr_block = "10.9.0.0/16", .amazon_provided_ipv6_cidr_block = true};
  const auto vpc = *run(create_vpc, request).vpc;
  ASSERT_EQ(vpc.ipv6_cidr_block_association_set.size(), 1U);
  const auto& block = vpc.ipv6_cidr_block_association_set[0];
  EXPECT_EQ(block.ipv6_cidr_block, "2001:db8:0:400::/56");
  EXPECT_THAT(*block.association_id, StartsWith("vpc-cidr-assoc-"));
  EXPECT_EQ(block.ipv6_cidr_block_state->state, "associated");
  EXPECT_EQ(block.ipv6_pool, "Amazon");
  EXPECT_EQ(block.network_border_group, "ap-northeast-1");
  request.amazon_provided_ipv6_cidr_block = false;
  EXPECT_THAT(run(create_vpc, request).vpc->ipv6_cidr_block_association_set, IsEmpty());
}

TEST_F(Ipv6Blocks, AreLetOutByGroupsThatLetEverythingOut) {
  const auto out = [this](const std::string& group) {
    std::vector<std::string> blocks;
    for (const auto* rule : snapshot.table<model::SecurityGroupRule>().referring_to(group)) {
      if (rule->egress) blocks.push_back(rule->cidr_ipv4 + rule->cidr_ipv6);
    }
    return blocks;
  };
  const auto vpc = *run(create_vpc, ec2::CreateVpcRequest{.cidr_block = "10.9.0.0/16"}).vpc->vpc_id;
  const auto* group = snapshot.table<model::SecurityGroup>().referring_to(vpc).at(0);
  EXPECT_THAT(out(group->id), ElementsAre("0.0.0.0/0"));
  EXPECT_THAT(out(kWebGroup), IsEmpty());
  associate(vpc.c_str());
  associate();
  EXPECT_THAT(out(group->id), UnorderedElementsAre("0.0.0.0/0", "::/0"));
  EXPECT_THAT(out(kWebGroup), IsEmpty());  // it lets nothing out
  associate(vpc.c_str());
  EXPECT_THAT(out(group->id), UnorderedElementsAre("0.0.0.0/0", "::/0"));
  const auto later = *run(create_security_group,
                          ec2::CreateSecurityGroupRequest{.description = "d", .group_name = "later", .vpc_id = vpc})
                          .group_id;
  EXPECT_THAT(out(later), UnorderedElementsAre("0.0.0.0/0", "::/0"));
}

TEST_F(Ipv6Blocks, AreTheLowestThatNoVpcHas) {
  associate();
  const auto second = associate(kSecondVpc);
  associate();
  EXPECT_THAT(blocks(), ElementsAre("2001:db8:0:400::/56", "2001:db8:0:600::/56"));
  EXPECT_THAT(blocks(kSecondVpc), ElementsAre("2001:db8:0:500::/56"));
  const auto gone = run(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = second});
  EXPECT_EQ(gone.vpc_id, kSecondVpc);
  EXPECT_EQ(gone.ipv6_cidr_block_association->ipv6_cidr_block_state->state, "disassociated");
  EXPECT_THAT(blocks(kSecondVpc), IsEmpty());
  associate();
  EXPECT_THAT(blocks(), ElementsAre("2001:db8:0:400::/56", "2001:db8:0:600::/56", "2001:db8:0:500::/56"));
}

TEST_F(Ipv6Blocks, RunOutInThePoolAndInTheVpc) {
  const ec2::AssociateVpcCidrBlockRequest request{.vpc_id = kVpc, .amazon_provided_ipv6_cidr_block = true};
  for (int i = 0; i < 4; ++i) associate();
  EXPECT_EQ(error_of(associate_vpc_cidr_block, request),
            "InsufficientAddressCapacity: All IPv6 CIDR blocks of the region's pool 2001:db8:0:400::/54 are in use.");
  region.ipv6_pool = *Cidr::parse("2001:db8::/32");
  associate();
  EXPECT_EQ(blocks().back(), "2001:db8::/56");
  EXPECT_EQ(error_of(associate_vpc_cidr_block, request),
            fmt::format("CidrLimitExceeded: This network '{}' has met its maximum number of allowed CIDRs: 5", kVpc));
}

TEST_F(Ipv6Blocks, MustBeAskedForAndOfTheCallersVpc) {
  EXPECT_EQ(error_of(associate_vpc_cidr_block, ec2::AssociateVpcCidrBlockRequest{.vpc_id = kVpc}),
            "MissingParameter: The request must contain the parameter AmazonProvidedIpv6CidrBlock");
  EXPECT_THAT(error_of(associate_vpc_cidr_block,
                       ec2::AssociateVpcCidrBlockRequest{.vpc_id = kOtherVpc, .amazon_provided_ipv6_cidr_block = true}),
              StartsWith("InvalidVpcID.NotFound"));
  const auto id = associate();
  EXPECT_EQ(
      error_of(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = id}, kOtherAccount),
      fmt::format("InvalidVpcCidrBlockAssociationID.NotFound: The vpc CIDR block association ID '{}' does not exist",
                  id));
  EXPECT_THAT(error_of(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = "cidr-1"}),
              StartsWith("InvalidVpcCidrBlockAssociationId.Malformed"));
}

TEST_F(Ipv6Blocks, OfIpv4IsThePrimaryAndStays) {
  const auto vpc = *run(create_vpc, ec2::CreateVpcRequest{.cidr_block = "10.9.0.0/16"}).vpc;
  const auto id = *vpc.cidr_block_association_set.at(0).association_id;
  EXPECT_THAT(error_of(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = id}),
              StartsWith("OperationNotPermitted: The vpc CIDR block with association ID"));
}

TEST_F(Ipv6Blocks, OfASubnetLieWithinTheVpcs) {
  EXPECT_THAT(error_of(associate_subnet_cidr_block, to_subnet("2001:db8:0:400::/64")),
              HasSubstr("has no IPv6 CIDR block"));
  associate();
  for (const char* bad :
       {"10.0.1.0/24", "2001:db8:0:400::", "2001:db8:0:400::/65", "2001:db8:0:400::/62", "2001:db8:0:400::/52"}) {
    EXPECT_THAT(error_of(associate_subnet_cidr_block, to_subnet(bad)),
                StartsWith(fmt::format("InvalidParameterValue: Value ({}) for parameter Ipv6CidrBlock", bad)));
  }
  EXPECT_EQ(error_of(associate_subnet_cidr_block, to_subnet("2001:db8:0:500::/64")),
            fmt::format("InvalidSubnet.Range: The IPv6 CIDR '2001:db8:0:500::/64' is invalid. It is not within "
                        "2001:db8:0:400::/56 of {}.",
                        kVpc));
  const auto response = run(associate_subnet_cidr_block, to_subnet("2001:db8:0:401::/64"));
  EXPECT_EQ(response.subnet_id, kSubnetA);
  EXPECT_THAT(*response.ipv6_cidr_block_association->association_id, StartsWith("subnet-cidr-assoc-"));
  EXPECT_EQ(response.ipv6_cidr_block_association->ipv6_cidr_block_state->state, "associated");
  EXPECT_EQ(describe_subnet().ipv6_cidr_block_association_set.at(0).ipv6_cidr_block, "2001:db8:0:401::/64");
  EXPECT_THAT(error_of(associate_subnet_cidr_block, to_subnet("2001:db8:0:402::/64")),
              HasSubstr("already has an IPv6 CIDR block"));
  EXPECT_THAT(error_of(associate_subnet_cidr_block, to_subnet("2001:db8:0:400::/60", kSubnetC)),
              StartsWith("InvalidSubnet.Conflict: The CIDR '2001:db8:0:400::/60' conflicts with another subnet"));
}

TEST_F(Ipv6Blocks, OfANewSubnetAreGivenByTheRequest) {
  associate();
  ec2::CreateSubnetRequest request{
      .cidr_block = "10.0.9.0/24", .ipv6_cidr_block = "2001:db8:0:409::/64", .vpc_id = kVpc};
  const auto subnet = *run(create_subnet, request).subnet;
  EXPECT_EQ(subnet.ipv6_cidr_block_association_set.at(0).ipv6_cidr_block, "2001:db8:0:409::/64");
  EXPECT_EQ(subnet.assign_ipv6_address_on_creation, false);
  const auto found = run(describe_subnets,
                         ec2::DescribeSubnetsRequest{.filters = {{.name = "ipv6-cidr-block-association.ipv6-cidr-block",
                                                                  .values = {"2001:db8:0:409::/64"}}}});
  ASSERT_EQ(found.subnets.size(), 1U);
  EXPECT_EQ(found.subnets[0].subnet_id, subnet.subnet_id);
}

TEST_F(Ipv6Blocks, StayWhileSomethingIsInThem) {
  const auto whole = associate();
  const auto part =
      *run(associate_subnet_cidr_block, to_subnet("2001:db8:0:401::/64")).ipv6_cidr_block_association->association_id;
  EXPECT_THAT(error_of(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = whole}),
              StartsWith("InvalidCidrBlock.InUse: The vpc vpc-00000000000000001 currently has a subnet within"));
  run(run_instances,
      ec2::RunInstancesRequest{.ipv6_address_count = 1, .max_count = 1, .min_count = 1, .subnet_id = kSubnetA});
  const ec2::DisassociateSubnetCidrBlockRequest request{.association_id = part};
  EXPECT_THAT(error_of(disassociate_subnet_cidr_block, request), StartsWith("InvalidCidrBlock.InUse: The subnet"));
  const auto* interface = snapshot.table<model::NetworkInterface>().all().at(0);
  run(terminate_instances, ec2::TerminateInstancesRequest{.instance_ids = {interface->instance}});
  apply();
  const auto response = run(disassociate_subnet_cidr_block, request);
  EXPECT_EQ(response.ipv6_cidr_block_association->ipv6_cidr_block_state->state, "disassociated");
  EXPECT_THAT(describe_subnet().ipv6_cidr_block_association_set, IsEmpty());
  run(disassociate_vpc_cidr_block, ec2::DisassociateVpcCidrBlockRequest{.association_id = whole});
  EXPECT_THAT(blocks(), IsEmpty());
}

TEST_F(Ipv6Blocks, DecideWhetherASubnetCanAssignAddresses) {
  const ec2::ModifySubnetAttributeRequest request{
      .assign_ipv6_address_on_creation = ec2::AttributeBooleanValue{.value = true}, .subnet_id = kSubnetA};
  EXPECT_THAT(error_of(modify_subnet_attribute, request), HasSubstr("has no IPv6 CIDR block"));
  associate();
  run(associate_subnet_cidr_block, to_subnet("2001:db8:0:401::/64"));
  run(modify_subnet_attribute, request);
  EXPECT_EQ(describe_subnet().assign_ipv6_address_on_creation, true);
}

}  // namespace
}  // namespace ginnel::api
