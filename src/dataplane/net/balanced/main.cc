// A data plane for tests and benchmarks: a consumer with an endpoint, a provider with load balancers.
//
// usage: dataplane_net_balanced TAG LISTENER:TARGET:KIND…     KIND is "proxy", with a PROXY v2 header, or "plain"
//
// In a network namespace of its own. Consumer VPC 1: instance i-TAG-a (10.0.1.5), endpoint 10.0.1.9. Provider VPC 2
// with the same addresses: clients' instance i-TAG-a2 (10.0.1.5), target i-TAG-b2 (10.0.1.6), node 10.0.1.50. Both ways
// each LISTENER port leads to the TARGET port. Says "ready"; answers each line of its standard input with the packets
// dropped so far, and removes everything when that ends.
#include <sched.h>

#include <charconv>
#include <cstdio>
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

// Listener and target number `index` of both VPCs.
void add(plan::VpcPlan& consumer, plan::VpcPlan& provider, const Listener& listener, uint32_t index) {
  plan::Balancer balancer;
  balancer.number = 2500 + index;
  balancer.owner = "listener " + std::to_string(listener.port);
  balancer.node = ip("10.0.1.50");
  balancer.groups = GroupSet{250};
  balancer.proxy_header = listener.proxy;
  balancer.targets = {20 + index};
  provider.balancers.push_back(balancer);
  provider.targets.push_back({20 + index, "target-" + std::to_string(index), ip("10.0.1.6"), listener.target});

  plan::Link link{ip("10.0.1.50"), listener.port, plan::kTcp, 2600 + index, "load balancer", std::nullopt, {}};
  link.balancer = balancer.number;
  provider.links.push_back(link);
  link = {ip("10.0.1.9"), listener.port, plan::kTcp, 77, "vpce-0123456789abcdef0", GroupSet{107}, {}};
  link.balancer = balancer.number;
  link.endpoint = true;
  consumer.links.push_back(link);
}

Status serve(const std::string& tag, const std::vector<Listener>& listeners) {
  auto netlink = Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  GINNEL_CHECKED(set_up(*netlink, "lo"));
  auto log = Log::to_stderr(LogLevel::warning);
  Options options;
  options.flow_entries = 1 << 17;
  GINNEL_TRY(const auto region, Dataplane::open(host_plan(tag), options, log));

  auto consumer = two_friends(tag), provider = two_instances(tag, 2);
  consumer.addresses.push_back({ip("10.0.1.9"), "eni-endpoint", {107}, false});
  provider.addresses.push_back({ip("10.0.1.50"), "eni-node", {250}, false});
  add_policy(provider, {207}, {allow_all()}, {allow_all()});
  add_policy(provider, {250}, {allow_all()}, {allow_all()});
  for (uint32_t i = 0; i < listeners.size(); ++i) add(consumer, provider, listeners[i], i);
  GINNEL_CHECKED(region->apply(consumer));
  GINNEL_CHECKED(region->apply(provider));
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    GINNEL_TRY(const auto drops, region->drops());
    for (const auto& [reason, count] : drops) std::cout << reason << ' ' << count << ' ';
    std::cout << std::endl;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::vector<Listener> listeners;
  for (int i = 2; i < argc; ++i) {
    const auto listener = parse(argv[i]);
    if (!listener) return std::fprintf(stderr, "%s\n", listener.error().text().c_str()), 2;
    listeners.push_back(*listener);
  }
  if (unshare(CLONE_NEWNET) != 0) return std::perror("unshare"), 1;
  const Status served = serve(argv[1], listeners);
  if (!served) std::fprintf(stderr, "%s\n", served.error().text().c_str());
  const auto removed = teardown(argv[1]);
  if (!removed) std::fprintf(stderr, "%s\n", removed.error().text().c_str());
  return served && removed ? 0 : 1;
}
