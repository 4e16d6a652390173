#include "world.h"

#include <cstring>
#include <sstream>

namespace ginnel::packet_test {
namespace {

void copy_mac(uint8_t (&to)[6], const MacAddress& from) { std::memcpy(to, from.bytes.data(), 6); }

uint16_t network(uint64_t port) { return __builtin_bswap16(static_cast<uint16_t>(port)); }

ginnel_route_key route_key(uint32_t vpc, const std::string& text) {
  const auto cidr = Cidr::parse(text);
  if (!cidr) throw BadCase(cidr.error().text());
  return {32 + cidr->length_128(), vpc, to_abi(cidr->base())};
}

}  // namespace

World::World(Program& program) : program_(program) {
  program_.clear();
  enter_own_network();
}

bool World::apply(const std::string& line) {
  Words words = split(line);
  if (words.plain.empty()) return true;
  const std::string command = words.plain.front();
  words.plain.erase(words.plain.begin());
  const auto vpc = [&] { return static_cast<uint32_t>(words.number_or("vpc", 1)); };
  if (command == "device") {
    const std::string name = words.next("name");
    devices_[name] = std::make_unique<Tap>(name);
  } else if (command == "port") {
    port(words);
  } else if (command == "route") {
    const uint32_t number = vpc();
    program_.routes().put(route_key(number, words.next("CIDR")), 1);
  } else if (command == "interface" || command == "endpoint") {
    destination(words, command == "endpoint");
  } else if (command == "link") {
    link(words);
  } else if (command == "probe") {
    probe(words);
  } else if (command == "balancer") {
    balancer(words);
  } else if (command == "table") {
    table(words);
  } else if (command == "target") {
    target(words);
  } else if (command == "policy") {
    policy(words);
  } else if (command == "rule") {
    rule(words);
  } else if (command == "member") {
    const auto group = static_cast<uint32_t>(words.number_or("group", 0));
    program_.members().put({group, to_abi(address(words.next("address")))}, 1);
  } else if (command == "occupy") {
    occupy(words);
  } else if (command == "hold") {
    program_.settings().put(0, {GINNEL_SETTING_HOLD, 0});
  } else if (command == "forget_proxies") {
    program_.proxies().clear();
  } else if (command == "collect") {
    collect();
  } else if (command == "cut") {
    cut(words);
  } else if (command == "ending" || command == "age") {
    change_flows(words, command);
  } else {
    return false;
  }
  return true;
}

void World::apply_all(const std::string& lines) {
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    if (!apply(line)) throw BadCase("no state: " + line);
  }
}

Tap& World::device(const std::string& port) {
  const auto found = devices_.find(port);
  if (found == devices_.end()) throw BadCase("no device " + port);
  return *found->second;
}

const MacAddress& World::mac_of(const std::string& port) const {
  const auto found = macs_.find(port);
  if (found == macs_.end()) throw BadCase("no port " + port);
  return found->second;
}

void World::attach_everywhere() {
  for (const auto& [name, device] : devices_) program_.attach(device->ifindex());
}

ginnel_flow_key World::flow_key(Words& words) {
  ginnel_flow_key key{};
  key.scope = static_cast<uint32_t>(words.number_or("vpc", 1));
  key.protocol = protocol(words.next("protocol"));
  const Endpoint source = endpoint(words.next("source"));
  if (words.next(">") != ">") throw BadCase("expected '>' between source and destination");
  const Endpoint destination = endpoint(words.next("destination"));
  key.source = to_abi(source.address);
  key.destination = to_abi(destination.address);
  key.source_port = network(source.port);
  key.destination_port = network(destination.port);
  key.icmp_type = static_cast<uint8_t>(words.number_or("type", 0));
  key.icmp_code = static_cast<uint8_t>(words.number_or("code", 0));
  key.mute = static_cast<uint8_t>(words.number_or("mute", 0));
  return key;
}

void World::port(Words words) {
  const std::string name = words.next("name");
  if (!devices_.contains(name)) devices_[name] = std::make_unique<Tap>(name);
  macs_[name] = mac(words.take_or("mac", ""));
  ginnel_port entry{};
  entry.vpc = static_cast<uint32_t>(words.number_or("vpc", 1));
  entry.policy = static_cast<uint32_t>(words.number_or("policy", 0));
  entry.flags = (words.number_or("check_source", 1) != 0 ? GINNEL_PORT_CHECK_SOURCE : 0) |
                (words.number_or("system", 0) != 0 ? GINNEL_PORT_SYSTEM : 0);
  entry.address = to_abi(address(words.take_or("address", "")));
  if (const auto six = words.take("address6")) entry.address6 = to_abi(address(*six));
  entry.synthetic = to_abi(address(words.take_or("synthetic", "0.0.0.0")));
  copy_mac(entry.mac, macs_[name]);
  const bool high = words.number_or("high", 0) != 0;
  std::strncpy(entry.interface_id, ("eni-" + name).c_str(), sizeof entry.interface_id - 1);
  words.finish();
  const uint32_t ifindex = devices_[name]->ifindex();
  if (high || ifindex >= GINNEL_PORT_SLOTS) {
    program_.port_slots().put(ifindex, {});
    program_.ports().put(ifindex, entry);
  } else {
    program_.port_slots().put(ifindex, entry);
  }
}

void World::destination(Words words, bool endpoint) {
  ginnel_destination entry{};
  const auto vpc = static_cast<uint32_t>(words.number_or("vpc", 1));
  const IpAddress where = address(words.next("address"));
  entry.policy = static_cast<uint32_t>(words.number_or("policy", 0));
  if (endpoint) {
    entry.flags = GINNEL_DESTINATION_ENDPOINT;
  } else {
    const std::string port = words.take_or("port", "");
    entry.oif = device(port).ifindex();
    copy_mac(entry.mac, mac_of(port));
  }
  words.finish();
  program_.destinations().put({vpc, to_abi(where)}, entry);
}

void World::link(Words words) {
  ginnel_link_key key{};
  key.vpc = static_cast<uint32_t>(words.number_or("vpc", 1));
  key.protocol = protocol(words.next("protocol"));
  const Endpoint from = endpoint(words.next("address"));
  key.address = to_abi(from.address);
  key.port = network(from.port);
  ginnel_link entry{};
  entry.number = static_cast<uint32_t>(words.number_or("number", 1));
  if (const auto policy = words.take("policy")) {
    entry.policy = static_cast<uint32_t>(number(*policy));
    entry.flags = GINNEL_LINK_JUDGED;
  }
  if (const auto id = words.take("endpoint")) {
    entry.flags |= GINNEL_LINK_ENDPOINT;
    id->copy(entry.owner, sizeof entry.owner);
  }
  if (const auto balancer = words.take("balancer")) {
    entry.flags |= GINNEL_LINK_BALANCED;
    entry.balancer = static_cast<uint32_t>(number(*balancer));
    words.finish();
    program_.links().put(key, entry);
    return;
  }
  const Endpoint target = endpoint(words.take_or("target", ""));
  const std::string port = words.take_or("port", "system");
  entry.oif = device(port).ifindex();
  copy_mac(entry.target_mac, mac_of(port));
  entry.target = to_abi(target.address);
  entry.target_port = network(target.port);
  words.finish();
  program_.links().put(key, entry);
}

void World::probe(Words words) {
  ginnel_link_key key{};
  key.protocol = GINNEL_TCP;
  const Endpoint from = endpoint(words.next("address"));
  key.address = to_abi(from.address);
  key.port = network(from.port);
  ginnel_link entry{};
  entry.flags = GINNEL_LINK_PROBE;
  if (const auto policy = words.take("policy")) {
    entry.policy = static_cast<uint32_t>(number(*policy));
    entry.flags |= GINNEL_LINK_JUDGED;
  }
  entry.number = static_cast<uint32_t>(words.number_or("number", 0));
  entry.scope = static_cast<uint32_t>(words.number_or("vpc", 1));
  entry.target = to_abi(address(words.take_or("target", "")));
  entry.target_port = key.port;
  entry.source = to_abi(address(words.take_or("source", "")));
  words.finish();
  program_.links().put(key, entry);
}

// "balancer 5 gone", or its settings; a table that it has stays.
void World::balancer(Words words) {
  const auto number_of = static_cast<uint32_t>(number(words.next("number")));
  if (!words.plain.empty() && words.plain.front() == "gone") {
    program_.balancers().remove(number_of);
    return;
  }
  const auto old = program_.balancers().find(number_of);
  ginnel_balancer entry{};
  const auto flag = [&](const char* word, uint64_t otherwise, uint32_t bit) {
    if (words.number_or(word, otherwise) != 0) entry.flags |= bit;
  };
  if (const auto policy = words.take("policy")) {
    entry.policy = static_cast<uint32_t>(number(*policy));
    entry.flags = GINNEL_BALANCER_JUDGED;
  }
  flag("judge_endpoints", 1, GINNEL_BALANCER_JUDGE_ENDPOINTS);
  flag("preserve", 0, GINNEL_BALANCER_PRESERVE_CLIENT);
  flag("proxy", 0, GINNEL_BALANCER_PROXY);
  flag("sticky", 0, GINNEL_BALANCER_STICKY);
  entry.scope = static_cast<uint32_t>(words.number_or("vpc", 1));
  entry.node = to_abi(address(words.take_or("node", "")));
  if (const auto six = words.take("node6")) entry.node6 = to_abi(address(*six));
  entry.idle_s = static_cast<uint32_t>(words.number_or("idle", 0));
  entry.table_size = static_cast<uint32_t>(words.number_or("table_size", old ? old->table_size : 0));
  words.finish();
  program_.balancers().put(number_of, entry);
}

void World::target(Words words) {
  const auto number_of = static_cast<uint32_t>(number(words.next("number")));
  if (!words.plain.empty() && words.plain.front() == "gone") {
    program_.targets().remove(number_of);
    return;
  }
  ginnel_target entry{};
  const Endpoint where = endpoint(words.next("address"));
  entry.scope = static_cast<uint32_t>(words.number_or("vpc", 1));
  entry.address = to_abi(where.address);
  entry.port = network(where.port);
  words.finish();
  program_.targets().put(number_of, entry);
}

// "table 5 1 1 2": the balancer's table, and its size. "table 5": none.
void World::table(Words words) {
  const auto number_of = static_cast<uint32_t>(number(words.next("number")));
  std::vector<uint32_t> places;
  while (!words.plain.empty()) places.push_back(static_cast<uint32_t>(number(words.next("target"))));
  if (places.empty()) {
    program_.tables().remove(number_of);
    return;
  }
  program_.put_table(number_of, places);
  const auto balancer = program_.balancers().find(number_of);
  if (!balancer) throw BadCase("a table before its balancer");
  balancer->table_size = static_cast<uint32_t>(places.size());
  program_.balancers().put(number_of, *balancer);
}

// "policy 1": without rules. "policy 1 gone".
void World::policy(Words words) {
  const auto number_of = static_cast<uint32_t>(number(words.next("number")));
  if (!words.plain.empty() && words.plain.front() == "gone") {
    program_.policies().remove(number_of);
    return;
  }
  words.finish();
  policies_[number_of] = {{next_rule_, 0, 0, 0}, {next_rule_, 0, 0, 0}};
  program_.policies().put(number_of, policies_[number_of]);
}

void World::rule(Words words) {
  const auto number_of = static_cast<uint32_t>(number(words.next("policy")));
  const std::string direction = words.next("ingress or egress");
  ginnel_policy& policy = policies_[number_of];
  ginnel_rule_range& range = direction == "ingress" ? policy.ingress : policy.egress;
  // The rules of a range stand together.
  if (range.offset + range.count != next_rule_) {
    for (uint32_t i = 0; i < range.count; i++) {
      program_.rules().put(next_rule_ + i, *program_.rules().find(range.offset + i));
    }
    range.offset = next_rule_;
    next_rule_ += range.count;
  }
  ginnel_rule rule{};
  rule.protocol = protocol(words.next("protocol"));
  rule.from_port = static_cast<uint16_t>(words.number_or("from", 0));
  rule.to_port = static_cast<uint16_t>(words.number_or("to", 0xffff));
  rule.group = static_cast<uint32_t>(words.number_or("group", 0));
  if (const auto peer = words.take("peer")) {
    const ginnel_route_key cidr = route_key(0, *peer);
    rule.peer = cidr.address;
    rule.prefix = static_cast<uint8_t>(cidr.prefix - 32);
  }
  const uint64_t times = words.number_or("times", 1);
  words.finish();
  for (uint64_t i = 0; i < times; i++) {
    program_.rules().put(next_rule_++, rule);
    range.count++;
  }
  program_.policies().put(number_of, policy);
}

// "occupy tcp TARGET:PORT > SYNTHETIC": every source port is held by a live flow of somebody else.
void World::occupy(Words words) {
  ginnel_flow_key key = flow_key(words);
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  ginnel_flow flow{};
  flow.flags = GINNEL_FLOW_REVERSE | GINNEL_FLOW_TRANSLATE;
  flow.state = GINNEL_FLOW_ANSWERED | GINNEL_FLOW_ESTABLISHED;
  flow.last_seen_s = static_cast<uint32_t>(now.tv_sec);
  flow.out_scope = 99;
  const uint64_t first = words.number_or("first", 0), last = words.number_or("last", 65535);
  words.finish();
  for (uint64_t port = first; port <= last; port++) {
    key.destination_port = network(port);
    program_.flows().put(key, flow);
  }
}

// "ending": every entry is being taken out. "age 61": every flow was last seen so many seconds earlier.
void World::change_flows(Words words, const std::string& how) {
  for (auto [key, flow] : program_.flows().all()) {
    if (how == "ending") {
      flow.state |= GINNEL_FLOW_ENDED;
    } else {
      flow.last_seen_s -= static_cast<uint32_t>(number(words.plain.at(0)));
    }
    program_.flows().put(key, flow);
  }
}

// "cut": as the daemon does when an endpoint is deleted. "cut N": and it finds so many that are not marked yet.
void World::cut(const Words& words) {
  std::vector<ginnel_flow_key> keys;
  for (const auto& [key, flow] : program_.flows().all()) keys.push_back(key);
  const uint32_t marked = program_.end(keys, GINNEL_END_MARK, 0);
  if (words.plain.empty() || marked == number(words.plain.at(0))) return;
  throw std::runtime_error(std::to_string(marked) + " flows were not marked yet");
}

// "collect": idle flows are removed, as the daemon does every few seconds.
void World::collect() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  std::vector<ginnel_flow_key> keys;
  for (const auto& [key, flow] : program_.flows().all()) keys.push_back(key);
  program_.end(keys, GINNEL_END_IDLE, static_cast<uint32_t>(now.tv_sec));
}

}  // namespace ginnel::packet_test
