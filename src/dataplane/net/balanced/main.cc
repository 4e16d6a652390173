// A data plane for tests and benchmarks: a consumer with an endpoint, a provider with load balancers.
//
// usage: dataplane_net_balanced TAG [--endpoints N] [--flows N] [--big-tcp] LISTENER:TARGET:KIND…
//
// KIND is "proxy", TCP with a PROXY v2 header, or "plain", TCP and UDP without. With --endpoints there are so many in
// all, the others in VPCs of their own, 1,000 each, of the same addresses and to the same balancers. --flows: room for
// so many.
//
// In a network namespace of its own. Consumer VPC 1: instance i-TAG-a (10.0.1.5), endpoint 10.0.1.9. Provider VPC 2
// with the same addresses: clients' instance i-TAG-a2 (10.0.1.5), target i-TAG-b2 (10.0.1.6), node 10.0.1.50. Both ways
// each LISTENER port leads to the TARGET port. Says "ready"; answers each line of its standard input with the packets
// dropped so far, and removes everything when that ends.
#include <sched.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include "dataplane/links.h"
#include "dataplane/net/small_region.h"
#include "dataplane/teardown.h"

using namespace ginnel;
using namespace ginnel::dataplane;

namespace {

struct Listener {
  uint16_t port = 0, target = 0;
  bool proxy = false;
};

struct Setting {
  uint32_t endpoints = 1, flows = 1 << 16;
  bool big_tcp = false;
  std::vector<Listener> listeners;
};

Result<Listener> parse(std::string_view text) {
  Listener out;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, out.port);
  if (first.ec != std::errc() || first.ptr == end) return fail("read listener", std::string(text), "no port");
  const auto second = std::from_chars(first.ptr + 1, end, out.target);
  if (second.ec != std::errc() || second.ptr == end) return fail("read listener", std::string(text), "no target port");
  const std::string_view kind(second.ptr + 1, static_cast<size_t>(end - second.ptr - 1));
  if (kind != "proxy" && kind != "plain") return fail("read listener", std::string(text), "neither proxy nor plain");
  out.proxy = kind == "proxy";
  return out;
}

uint32_t balancer_of(uint32_t index) { return 2500 + index; }

void add_link(plan::VpcPlan& vpc, plan::Link link, const Listener& listener, uint32_t index) {
  link.port = listener.port;
  link.balancer = balancer_of(index);
  vpc.links.push_back(link);
  if (listener.proxy) return;
  link.protocol = plan::kUdp;
  vpc.links.push_back(link);
}

void add_endpoint(plan::VpcPlan& vpc, const IpAddress& address, plan::LinkNumber number, const GroupSet& groups,
                  const std::vector<Listener>& listeners) {
  vpc.addresses.push_back({address, "eni-endpoint-" + std::to_string(number), groups, false});
  plan::Link link{address, 0, plan::kTcp, number, "vpce-0123456789abcdef0", groups, {}};
  link.endpoint = true;
  for (uint32_t i = 0; i < listeners.size(); ++i) add_link(vpc, link, listeners[i], i);
}

// Endpoints that nobody calls, which fill the tables.
Status add_bystanders(Dataplane& region, const Setting& setting) {
  constexpr uint32_t kPerVpc = 1000;
  for (uint32_t made = 1, number = 1000; made < setting.endpoints; ++number) {
    auto vpc = vpc_plan(number);
    add_policy(vpc, {number * 100}, {allow_all()}, {allow_all()});
    for (uint32_t i = 0; i < kPerVpc && made < setting.endpoints; ++i, ++made)
      add_endpoint(vpc, IpAddress::from_v4(0x0a000200U + i), 1000 + made, {number * 100}, setting.listeners);
    GINNEL_CHECKED(region.apply(vpc));
  }
  return {};
}

// Listener and target number `index` of the provider's VPC.
void add(plan::VpcPlan& provider, const Listener& listener, uint32_t index) {
  plan::Balancer balancer;
  balancer.number = balancer_of(index);
  balancer.owner = "listener " + std::to_string(listener.port);
  balancer.node = ip("10.0.1.50");
  balancer.groups = GroupSet{250};
  balancer.proxy_header = listener.proxy;
  balancer.targets = {20 + index};
  provider.balancers.push_back(balancer);
  provider.targets.push_back({20 + index, "target-" + std::to_string(index), ip("10.0.1.6"), listener.target});

  add_link(provider, {ip("10.0.1.50"), 0, plan::kTcp, 2600 + index, "load balancer", std::nullopt, {}}, listener,
           index);
}

Status serve(const std::string& tag, const Setting& setting) {
  auto netlink = Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  GINNEL_CHECKED(set_up(*netlink, "lo"));
  auto log = Log::to_stderr(LogLevel::warning);
  Options options;
  options.flow_entries = 2 * setting.flows;
  options.port_flows = setting.flows;  // one client may open them all
  options.big_tcp = setting.big_tcp;
  GINNEL_TRY(const auto region, Dataplane::open(host_plan(tag), options, log));

  auto consumer = two_friends(tag), provider = two_instances(tag, 2);
  for (auto* vpc : {&consumer, &provider}) {
    for (auto& port : vpc->ports) port.big_tcp = setting.big_tcp;
  }
  add_endpoint(consumer, ip("10.0.1.9"), 77, {107}, setting.listeners);
  provider.addresses.push_back({ip("10.0.1.50"), "eni-node", {250}, false});
  add_policy(provider, {207}, {allow_all()}, {allow_all()});
  add_policy(provider, {250}, {allow_all()}, {allow_all()});
  for (uint32_t i = 0; i < setting.listeners.size(); ++i) add(provider, setting.listeners[i], i);
  GINNEL_CHECKED(region->apply(consumer));
  GINNEL_CHECKED(region->apply(provider));
  GINNEL_CHECKED(add_bystanders(*region, setting));
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    GINNEL_TRY(const auto drops, region->drops());
    for (const auto& [reason, count] : drops) std::cout << reason << ' ' << count << ' ';
    GINNEL_TRY(const size_t flows, region->flow_count());
    std::cout << "flow_entries " << flows;
    std::cout << std::endl;
  }
  return {};
}

Result<uint32_t> number_of(const char* option, const char* text) {
  uint32_t out = 0;
  const char* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, out);
  if (read.ec != std::errc() || read.ptr != end || out == 0) return fail("read option", option, "it takes a number");
  return out;
}

Result<Setting> parse(int count, char** words) {
  Setting out;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--big-tcp") {
      out.big_tcp = true;
    } else if ((word == "--endpoints" || word == "--flows") && i + 1 < count) {
      GINNEL_TRY(const uint32_t number, number_of(words[i], words[i + 1]));
      (word == "--flows" ? out.flows : out.endpoints) = number;
      ++i;
    } else {
      GINNEL_TRY(const Listener listener, parse(word));
      out.listeners.push_back(listener);
    }
  }
  if (out.listeners.empty()) return fail("read options", "LISTENER:TARGET:KIND", "there is none");
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto setting = parse(argc - 2, argv + 2);
  if (!setting) return std::fprintf(stderr, "%s\n", setting.error().text().c_str()), 2;
  if (unshare(CLONE_NEWNET) != 0) return std::perror("unshare"), 1;
  const Status served = serve(argv[1], *setting);
  if (!served) std::fprintf(stderr, "%s\n", served.error().text().c_str());
  const auto removed = teardown(argv[1]);
  if (!removed) std::fprintf(stderr, "%s\n", removed.error().text().c_str());
  return served && removed ? 0 : 1;
}
