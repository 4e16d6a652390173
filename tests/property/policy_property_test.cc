// Random regions through the planner and the data plane into the kernel's maps, and random first packets of flows
// through the real program by BPF_PROG_TEST_RUN: each is let through, or dropped under the reason that the model gives.
// What is tracked goes on whatever becomes of the rules.
//
// GINNEL_POLICY_SEED=N runs another sequence; a failure names the seed, the region of the sequence and the packet.
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include <cstdlib>
#include <map>

#include "dataplane/attach.h"
#include "dataplane/dataplane.h"
#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/net/own_network.h"
#include "dataplane/running.h"
#include "frame.h"
#include "planner/planner.h"
#include "planner/print.h"
#include "random_region.h"
#include "rule_model.h"

namespace ginnel::property {
namespace {

constexpr int kRegions = 400, kPacketsARegion = 400, kTrackedARegion = 20;
constexpr MacAddress kRouterMac{{0x02, 0xfe, 0, 0, 0, 1}};

uint64_t seed() {
  const char* given = std::getenv("GINNEL_POLICY_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 0) : 1;
}

constexpr const char* kDenials[] = {"egress_denied", "ingress_denied", "balancer_denied", "target_denied"};
using Reasons = std::map<std::string, uint64_t>;

// The first packet of a flow.
struct Case {
  const Host* from = nullptr;
  std::string to_address;
  const Host* to = nullptr;  // nullptr: an endpoint's address, or the load balancer's
  Traffic traffic;
  std::string packet;  // a line of packet_test::build()
  std::string again;   // a later packet of that flow
  std::string answer;  // empty: nothing answers
};

class Policies : public dataplane::OwnNetwork {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    host_plan_ = plan::plan_host(region_, tag_, Cidr::parse("100.64.0.0/10").value());
    dataplane::Options options;
    options.flow_entries = 1 << 12;
    options.table_size = 13;
    auto opened = dataplane::Dataplane::open(host_plan_, options, log_);
    ASSERT_GOOD(opened);
    dataplane_ = std::move(*opened);
  }
  void TearDown() override {
    dataplane_.reset();
    OwnNetwork::TearDown();
  }

  // The interfaces have IPv6 addresses, too.
  static void add_ipv6(plan::VpcPlan& plan) {
    plan.cidrs.push_back(Cidr::parse("2001:db8:1::/48").value());
    for (auto& port : plan.ports) {
      for (const Host& each : kHosts) {
        if (each.interface != port.interface_id) continue;
        port.address6 = IpAddress::parse(each.address6).value();
        port.subnet6 = Cidr::parse("2001:db8:1::/64").value();
        plan.addresses.push_back({*port.address6, port.interface_id, port.groups, true});
      }
    }
  }

  void apply(const model::Snapshot& snapshot) {
    for (const char* vpc : {"vpc-2", "vpc-1"}) {
      auto plan = plan::plan_vpc(snapshot, region_, vpc, dataplane_->facts(), host_plan_);
      ASSERT_GOOD(plan);
      add_ipv6(*plan);
      ASSERT_GOOD(dataplane_->apply(*plan));
    }
    if (program_ == nullptr) find_program();
  }

  // Once the first ports carry it.
  void find_program() {
    auto netlink = dataplane::Netlink::open();
    auto attacher = dataplane::make_attacher(dataplane::AttachMode::automatic, 1);
    ASSERT_GOOD(attacher);
    auto running = dataplane::find_running(*netlink, **attacher, tag_);
    ASSERT_GOOD(running);
    ASSERT_TRUE(running->has_value());
    program_ = std::make_unique<dataplane::RunningProgram>(std::move(**running));
    const auto links = dataplane::list_links(*netlink);
    ASSERT_GOOD(links);
    for (const Host& each : kHosts) {
      for (const auto& link : *links) {
        if (link.name == dataplane::host_device_name(tag_, each.interface)) ifindex_[each.name] = link.index;
      }
    }
    ASSERT_EQ(ifindex_.size(), kHosts.size());
  }

  // Whether the packet is let through.
  bool passes(const Host& from, const std::string& packet) {
    const auto frame = packet_test::build(packet_test::split(packet), MacAddress::parse(from.mac).value(), kRouterMac);
    __sk_buff context{};
    context.ifindex = ifindex_.at(from.name);
    std::vector<uint8_t> out(frame.bytes.size() + 256);
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.bytes.data();
    options.data_size_in = static_cast<uint32_t>(frame.bytes.size());
    options.data_out = out.data();
    options.data_size_out = static_cast<uint32_t>(out.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    options.repeat = 1;
    EXPECT_EQ(bpf_prog_test_run_opts(program_->program.get(), &options), 0) << packet;
    return options.retval == TC_ACT_REDIRECT;
  }

  void forget_flows() const {
    const int flows = program_->maps.at("flows").get();
    for (ginnel_flow_key key{}; bpf_map_get_next_key(flows, nullptr, &key) == 0;) bpf_map_delete_elem(flows, &key);
  }

  // The namespaces' own packets, such as those of neighbour discovery, are dropped under other reasons.
  Reasons drops() const {
    const auto counts = dataplane_->drops();
    EXPECT_GOOD(counts);
    Reasons out;
    for (const char* reason : kDenials) {
      if (counts && counts->contains(reason))
        out[reason] = counts->at(reason);
      else
        out[reason] = 0;
    }
    return out;
  }

  model::Region region_ = region();
  plan::HostPlan host_plan_;
  Log log_ = Log::discard();
  std::unique_ptr<dataplane::Dataplane> dataplane_;
  std::unique_ptr<dataplane::RunningProgram> program_;
  std::map<std::string, uint32_t> ifindex_;  // by the host's name
};

// One region's packets, and what the model says of them.
class Questions {
 public:
  Questions(Random& random, const model::Snapshot& snapshot) : random_(random), snapshot_(snapshot), model_(snapshot) {
    for (const Host& each : kHosts) model_.add_address(each.interface, each.address6);
  }

  Case next() {
    Case out;
    out.from = &random_.pick(kHosts);
    out.traffic.own_vpc = out.traffic.peer_vpc = out.from->vpc;
    const int kind = random_.below(10);
    if (kind < 6) {
      to_host(out);
    } else if (out.from->vpc == "vpc-1") {
      to_listener(out, kind < 8 ? kServiceAddress : kEndpointAddress);
    } else if (out.from->name == "p") {
      to_listener(out, kNodeAddress);
    } else {
      to_host(out);  // the target itself is no client of its load balancer
    }
    return out;
  }

  // The reason of the drop; empty if it is let through.
  [[nodiscard]] std::string verdict(const Case& asked) const {
    if (!asks(groups_of(asked.from->interface), true, asked.traffic, asked.to_address)) return "egress_denied";
    const std::string& client = source_of(asked);
    if (asked.to != nullptr) {
      return asks(groups_of(asked.to->interface), false, asked.traffic, client) ? "" : "ingress_denied";
    }
    const std::string interface = asked.to_address == kServiceAddress    ? "eni-vpce-1"
                                  : asked.to_address == kEndpointAddress ? "eni-vpce-2"
                                                                         : "";
    if (!interface.empty() && !asks(groups_of(interface), false, asked.traffic, client)) return "ingress_denied";
    return asked.to_address == kServiceAddress ? "" : behind_load_balancer(asked, client, !interface.empty());
  }

  [[nodiscard]] std::string tell(const Case& asked) const {
    std::string out = "from " + asked.from->name + ": " + asked.packet + "\ngroups";
    for (const auto& group : groups_of(asked.from->interface)) out += " " + group;
    if (asked.to != nullptr) {
      out += " to groups";
      for (const auto& group : groups_of(asked.to->interface)) out += " " + group;
    }
    return out;
  }

 private:
  void to_host(Case& out) {
    do {
      out.to = &random_.pick(kHosts);
    } while (out.to == out.from || out.to->vpc != out.from->vpc);
    ipv6_ = random_.chance(2);
    out.to_address = ipv6_ ? out.to->address6 : out.to->address;
    const int kind = random_.below(10);
    if (kind < 6) {
      transport(out, kind < 4);
    } else if (kind < 8) {
      message(out);
    } else {
      out.traffic.protocol = random_.pick(kOtherProtocols);
      const std::string tail = " protocol=" + std::to_string(out.traffic.protocol) + " data=20";
      out.packet = out.again = "ip " + source_of(out) + " > " + out.to_address + tail;
      out.answer = "ip " + out.to_address + " > " + source_of(out) + tail;
    }
  }

  void to_listener(Case& out, const char* address) {
    out.to_address = address;
    ipv6_ = false;
    transport(out, true, kListenerPort);
    out.answer.clear();  // its ports are the translation's
  }

  // Every flow has a source port of its own.
  void transport(Case& out, bool tcp, int port = 0) {
    out.traffic.protocol = tcp ? 6 : 17;
    if (port == 0) port = random_.chance(4) ? random_.between(1, 65535) : near(random_.pick(kPorts));
    out.traffic.port = port;
    const auto end = [&](const std::string& address, int number) {
      return (ipv6_ ? "[" + address + "]:" : address + ":") + std::to_string(number);
    };
    const std::string client = end(source_of(out), next_port()), server = end(out.to_address, port);
    const std::string kind = tcp ? "tcp " : "udp ";
    out.packet = kind + client + " > " + server + (tcp ? " flags=S" : " data=8");
    out.again = kind + client + " > " + server + (tcp ? " flags=A data=8" : " data=8");
    out.answer = kind + server + " > " + client + (tcp ? " flags=SA" : " data=8");
  }

  void message(Case& out) {
    out.traffic.protocol = ipv6_ ? 58 : 1;
    const int type = out.traffic.type = random_.pick(ipv6_ ? kIcmpV6Types : kIcmpTypes);
    const int code = out.traffic.code = random_.pick(kCodes);
    const std::string kind = ipv6_ ? "icmp6 " : "icmp ";
    const std::string tail = " code=" + std::to_string(code) + " id=" + std::to_string(next_port()) + " type=";
    out.packet = out.again = kind + source_of(out) + " > " + out.to_address + tail + std::to_string(type);
    const int answer = type == 8 ? 0 : type == 13 ? 14 : type == 128 ? 129 : -1;
    if (answer >= 0) out.answer = kind + out.to_address + " > " + source_of(out) + tail + std::to_string(answer);
  }

  int near(int port) { return std::clamp(port + random_.between(-1, 1), 1, 65535); }
  int next_port() { return port_ = port_ == 60000 ? 1024 : port_ + 1; }
  [[nodiscard]] const std::string& source_of(const Case& asked) const {
    return asked.to_address.find(':') == std::string::npos ? asked.from->address : asked.from->address6;
  }
  [[nodiscard]] const std::vector<std::string>& groups_of(const std::string& interface) const {
    return snapshot_.find<model::NetworkInterface>(interface)->groups;
  }
  [[nodiscard]] bool asks(const std::vector<std::string>& groups, bool egress, Traffic traffic,
                          const std::string& peer) const {
    traffic.peer = peer;
    return model_.allows(groups, egress, traffic);
  }

  // The load balancer's groups are asked for the client, and towards the target; the target's for what it sees.
  [[nodiscard]] std::string behind_load_balancer(const Case& asked, const std::string& client, bool endpoint) const {
    const auto* balancer = snapshot_.find<model::LoadBalancer>("arn:lb");
    Traffic in = asked.traffic;
    in.own_vpc = "vpc-2";
    const bool judged = !balancer->groups.empty();
    if (judged && (!endpoint || balancer->judge_private_link) && !asks(balancer->groups, false, in, client)) {
      return "balancer_denied";
    }
    Traffic forward{.protocol = 6, .port = kTargetPort, .peer_vpc = "vpc-2", .own_vpc = "vpc-2"};
    if (judged && !asks(balancer->groups, true, forward, kTargetAddress)) return "balancer_denied";
    const auto* group = snapshot_.find<model::TargetGroup>("arn:tg");
    const bool preserved = !endpoint && group->attributes.at("preserve_client_ip.enabled") == "true";
    const auto& target = groups_of("eni-t");
    if (!preserved) return asks(target, false, forward, kNodeAddress) ? "" : "target_denied";
    return asks(target, false, forward, client) || names_balancer(target, forward) ? "" : "target_denied";
  }

  // "If client IP preservation is enabled … the load balancer's security group can be referenced": not its address.
  [[nodiscard]] bool names_balancer(const std::vector<std::string>& target, Traffic forward) const {
    model::Change change;
    for (const auto* rule : snapshot_.table<model::SecurityGroupRule>().all()) {
      if (rule->referenced_group.empty()) change.erase(*rule);
    }
    const model::Snapshot references = snapshot_.with(change);
    forward.peer = kNodeAddress;
    return RuleModel(references).allows(target, false, forward);
  }

  Random& random_;
  const model::Snapshot& snapshot_;
  RuleModel model_;
  bool ipv6_ = false;
  int port_ = 1023;
};

TEST_F(Policies, AreJudgedAsTheModelSays) {
  Random random(seed());
  Reasons seen;
  for (int n = 0; n < kRegions; ++n) {
    SCOPED_TRACE("GINNEL_POLICY_SEED=" + std::to_string(seed()) + " region " + std::to_string(n));
    const model::Snapshot snapshot = random_region(random, "i-" + tag_);
    ASSERT_NO_FATAL_FAILURE(apply(snapshot));
    Questions questions(random, snapshot);
    const Reasons before = drops();
    Reasons expected;
    for (int i = 0; i < kPacketsARegion; ++i) {
      const Case asked = questions.next();
      const std::string verdict = questions.verdict(asked);
      ++(verdict.empty() ? seen["passed"] : expected[verdict]);
      ASSERT_EQ(passes(*asked.from, asked.packet), verdict.empty()) << verdict << " " << questions.tell(asked);
      if (!verdict.empty()) continue;
      if (asked.to != nullptr && !asked.answer.empty()) {
        ASSERT_TRUE(passes(*asked.to, asked.answer)) << "the answer: " << asked.answer;
      }
      forget_flows();
    }
    for (const auto& [reason, count] : drops()) ASSERT_EQ(count - before.at(reason), expected[reason]) << reason;
    for (const auto& [reason, count] : expected) seen[reason] += count;

    std::vector<Case> tracked;
    for (int i = 0; i < 10 * kTrackedARegion && tracked.size() < kTrackedARegion; ++i) {
      Case asked = questions.next();
      if (questions.verdict(asked).empty() && passes(*asked.from, asked.packet)) tracked.push_back(std::move(asked));
    }
    ASSERT_NO_FATAL_FAILURE(apply(without_rules(snapshot)));
    for (const Case& each : tracked) {
      ASSERT_TRUE(passes(*each.from, each.again)) << "tracked: " << each.again;
      if (each.to == nullptr || each.answer.empty()) continue;
      ASSERT_TRUE(passes(*each.to, each.answer)) << "tracked: " << each.answer;
    }
    seen["survived"] += tracked.size();
    forget_flows();
    for (int i = 0; i < kTrackedARegion; ++i) {
      const Case asked = questions.next();
      ASSERT_FALSE(passes(*asked.from, asked.packet)) << "without any rule: " << questions.tell(asked);
    }
  }
  // The regions are such that everything happens.
  constexpr uint64_t kPackets = uint64_t{kRegions} * kPacketsARegion;
  static_assert(kPackets >= 100000);
  EXPECT_GT(seen["passed"], kPackets / 10);
  EXPECT_LT(seen["passed"], kPackets * 7 / 10);
  for (const char* reason : kDenials) EXPECT_GT(seen[reason], kPackets / 200) << reason;
  EXPECT_GT(seen["survived"], uint64_t{kRegions} * kTrackedARegion / 2);
  for (const auto& [what, count] : seen) std::printf("%s %lu\n", what.c_str(), static_cast<unsigned long>(count));
}

}  // namespace
}  // namespace ginnel::property
