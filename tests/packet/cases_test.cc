// Runs every case of cases/ through the real program by BPF_PROG_TEST_RUN.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "case_file.h"
#include "counts.h"
#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {
namespace {

const std::filesystem::path kFolder = GINNEL_PACKET_DIR;

class Runner {
 public:
  Runner(const Case& item, Program& program) : world_(program) {
    world_.apply_all(read_file(kFolder / "world.txt"));
    for (const Step& step : item.steps) {
      SCOPED_TRACE(item.file.filename().string() + ":" + std::to_string(step.line) + ": " + step.text);
      try {
        take(step.text);
      } catch (const BadCase& bad) {
        ADD_FAILURE() << bad.what();
      }
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_TRUE(judged_) << "a packet without an expectation";
  }

 private:
  void take(const std::string& text) {
    Words words = split(text);
    const std::string command = words.next("command");
    if (command == "send") return send(words);
    if (command == "out") return expect_out(words);
    if (command == "drop") return expect_drop(words);
    if (command == "copy") return expect_copy(words);
    if (command == "flow") return expect_flow(words);
    if (command == "no_flow") return expect_no_flow(words);
    if (command == "flows") {
      EXPECT_EQ(world_.program().flows().all().size(), number(words.next("count")));
      return;
    }
    if (command == "port_errors") return expect_port_errors(words);
    if (command == "proxies") {
      EXPECT_EQ(world_.program().proxies().all().size(), number(words.next("count")));
      return;
    }
    if (expect_counts(world_, command, words)) return;
    if (command.starts_with("max_")) return;
    if (!world_.apply(text)) throw BadCase("no command: " + command);
  }

  void send(Words words) {
    EXPECT_TRUE(judged_) << "the packet before this one has no expectation";
    const std::string port = words.next("port");
    const auto mac = world_.macs().find(port);
    sent_ = words;
    const Frame frame = build(words, mac == world_.macs().end() ? MacAddress{} : mac->second, kRouterMac);
    before_ = world_.program().drops();
    outcome_ = world_.program().run(world_.device(port).ifindex(), frame);
    judged_ = false;
  }

  std::map<std::string, uint64_t> new_drops() const {
    auto drops = world_.program().drops();
    for (const auto& [name, count] : before_) {
      if ((drops[name] -= count) == 0) drops.erase(name);
    }
    return drops;
  }

  // "out PORT PACKET": it leaves for that port, with exactly these bytes. With reason=NAME it is counted there too.
  void expect_out(Words words) {
    judged_ = true;
    const std::string port = words.next("port");
    std::map<std::string, uint64_t> counted;
    if (const auto reason = words.take("reason")) {
      counted[*reason] = 1;
    } else {
      expect_hops(words);
    }
    ASSERT_EQ(new_drops(), counted);
    ASSERT_EQ(outcome_.verdict, TC_ACT_REDIRECT);
    keep_id(words);
    EXPECT_EQ(dump(outcome_.bytes), dump(build(words, kRouterMac, world_.mac_of(port)).bytes));
  }

  // "ip_id=any": a number at random, of IPv4, or "extensions=44:000000any", of a fragment of IPv6. "same" in its place:
  // that of the packet before.
  void keep_id(Words& words) {
    for (const auto& [option, at, length] : {std::tuple{"ip_id", 18u, 2u}, std::tuple{"extensions", 58u, 4u}}) {
      const auto found = words.options.find(option);
      if (found == words.options.end()) continue;
      const size_t any = found->second.find("any"), same = found->second.find("same");
      if (any == std::string::npos && same == std::string::npos) continue;
      if (any != std::string::npos) {
        ASSERT_GE(outcome_.bytes.size(), at + length);
        id_ = length == 2 ? "0x" : "";
        for (size_t i = 0; i < length; i++) id_ += fmt::format("{:02x}", outcome_.bytes[at + i]);
      }
      found->second = found->second.substr(0, std::min(any, same)) + id_;
    }
  }

  // Unless the line says otherwise, a packet with other addresses than those that were sent has gone through a router.
  void expect_hops(Words& words) const {
    if (words.plain.size() < 4 || sent_.plain.size() < 4 || words.plain[2] != ">" || words.options.contains("ttl"))
      return;
    Words sent = sent_;
    const uint64_t ttl = sent.number_or("ttl", 64);
    const bool changed = words.plain[1] != sent_.plain[1] || words.plain[3] != sent_.plain[3];
    if (words.plain[0] != "na") words.options["ttl"] = std::to_string(changed ? ttl - 1 : ttl);
  }

  void expect_drop(Words words) {
    judged_ = true;
    EXPECT_EQ(new_drops(), (std::map<std::string, uint64_t>{{words.next("reason"), 1}}));
    EXPECT_EQ(outcome_.verdict, TC_ACT_SHOT);
    words.finish();
  }

  // "copy PORT PACKET": besides the verdict, this frame went out of that device.
  void expect_copy(Words words) {
    const std::string port = words.next("port");
    const auto frame = world_.device(port).read(std::chrono::seconds(5));
    ASSERT_TRUE(frame) << "nothing went out to " << port;
    EXPECT_EQ(dump(*frame), dump(build(words, kRouterMac, world_.mac_of(port)).bytes));
  }

  void expect_flow(Words words) {
    const ginnel_flow_key key = World::flow_key(words);
    const auto flow = world_.program().flows().find(key);
    ASSERT_TRUE(flow) << "no such flow";
    if (const auto from = words.take("from")) expect_endpoint(*from, flow->source, flow->source_port);
    if (const auto to = words.take("to")) expect_endpoint(*to, flow->destination, flow->destination_port);
    if (const auto port = words.take("port")) {
      EXPECT_EQ(flow->oif, world_.device(*port).ifindex());
    }
    expect_number(words, "link", flow->link);
    expect_number(words, "state", flow->state & 0xffff);
    expect_number(words, "flags", flow->flags);
    expect_number(words, "out_vpc", flow->out_scope);
    expect_number(words, "packets", flow->packets);
    expect_number(words, "bytes", flow->bytes);
    expect_number(words, "target", flow->target);
    expect_number(words, "idle", flow->idle_s);
    words.finish();
    const auto partner = world_.program().flows().find(ginnel_flow_partner(&key, flow.get()));
    EXPECT_TRUE(partner) << "the entry of the other direction is missing";
  }

  void expect_port_errors(Words words) {
    const auto balancer = static_cast<uint32_t>(number(words.next("balancer")));
    const auto errors = world_.program().port_errors().find(balancer);
    EXPECT_EQ(errors ? *errors : 0, number(words.next("count")));
  }

  static void expect_number(Words& words, const std::string& name, uint64_t actual) {
    const auto expected = words.take(name);
    if (expected) {
      EXPECT_EQ(actual, number(*expected)) << name;
    }
  }

  static void expect_endpoint(const std::string& expected, const ginnel_address& address, uint16_t port) {
    const Endpoint wanted = endpoint(expected);
    EXPECT_EQ(std::memcmp(&address, wanted.address.bytes().data(), sizeof address), 0) << expected;
    EXPECT_EQ(__builtin_bswap16(port), wanted.port) << expected;
  }

  void expect_no_flow(Words words) {
    const ginnel_flow_key key = World::flow_key(words);
    words.finish();
    EXPECT_FALSE(world_.program().flows().find(key));
  }

  World world_;
  Words sent_;  // the last packet
  std::string id_;
  Outcome outcome_;
  std::map<std::string, uint64_t> before_;
  bool judged_ = true;
};

// Loading takes longer than all cases together, so most share one program.
class PacketCase : public testing::TestWithParam<Case> {
 protected:
  static void TearDownTestSuite() { shared_.reset(); }

  std::shared_ptr<Program> program_for(const Case& item) {
    for (const Step& step : item.steps) {
      Words words = split(step.text);
      const std::string command = words.next("command");
      LoadOptions options;
      if (command == "max_flows") options.max_flows = static_cast<uint32_t>(number(words.next("count")));
      if (command == "max_proxies") options.max_proxies = static_cast<uint32_t>(number(words.next("count")));
      if (command == "max_port_flows") options.port_flows = static_cast<uint32_t>(number(words.next("count")));
      if (command.starts_with("max_")) return std::make_shared<Program>(options);
    }
    if (!shared_) shared_ = std::make_shared<Program>();
    return shared_;
  }

 private:
  static inline std::shared_ptr<Program> shared_;
};

TEST_P(PacketCase, Runs) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to load the packet program";
  const auto program = program_for(GetParam());
  Runner runner(GetParam(), *program);
}

INSTANTIATE_TEST_SUITE_P(Cases, PacketCase, testing::ValuesIn(read_cases(kFolder / "cases")),
                         [](const auto& item) { return item.param.identifier(); });

TEST(PacketCases, EveryDropReasonHasOne) {
  std::set<std::string> reasons;
  for (const Case& item : read_cases(kFolder / "cases")) {
    for (const Step& step : item.steps) {
      Words words = split(step.text);
      if (words.plain.front() == "drop") reasons.insert(words.plain.at(1));
      if (words.options.contains("reason")) reasons.insert(words.options.at("reason"));
    }
  }
  for (uint32_t reason = 1; reason < GINNEL_DROP_COUNT; reason++) {
    EXPECT_TRUE(reasons.contains(drop_name(reason))) << "no case drops a packet as " << drop_name(reason);
  }
}

}  // namespace
}  // namespace ginnel::packet_test
