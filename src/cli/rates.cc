#include "cli/rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace ginnel::cli {
namespace {

using dataplane::DropsByReason;
using dataplane::LinkCounts;
using dataplane::PortCounts;

// Counters of one that is gone and came again begin anew.
double grown(uint64_t before, uint64_t after) { return static_cast<double>(after >= before ? after - before : after); }

void put_drops(Rate& rate, const DropsByReason& before, const DropsByReason& after, double elapsed_s) {
  double most = 0;
  for (const auto& [reason, packets] : after) {
    const auto found = before.find(reason);
    const double more = grown(found == before.end() ? 0 : found->second, packets);
    rate.dropped += more / elapsed_s;
    if (more <= most) continue;
    most = more;
    rate.reason = reason;
  }
}

Rate rate_of(const PortCounts& before, const PortCounts& after, double elapsed_s) {
  Rate out;
  out.sent_bytes = grown(before.sent_bytes, after.sent_bytes) / elapsed_s;
  out.received_bytes = grown(before.received_bytes, after.received_bytes) / elapsed_s;
  out.packets =
      (grown(before.sent_packets, after.sent_packets) + grown(before.received_packets, after.received_packets)) /
      elapsed_s;
  out.new_flows = (grown(before.opened, after.opened) + grown(before.accepted, after.accepted)) / elapsed_s;
  out.active = after.active;
  put_drops(out, before.drops, after.drops, elapsed_s);
  return out;
}

Rate rate_of(const LinkCounts& before, const LinkCounts& after, double elapsed_s) {
  Rate out;
  out.sent_bytes = grown(before.forward_bytes, after.forward_bytes) / elapsed_s;
  out.received_bytes = grown(before.reverse_bytes, after.reverse_bytes) / elapsed_s;
  out.packets =
      (grown(before.forward_packets, after.forward_packets) + grown(before.reverse_packets, after.reverse_packets)) /
      elapsed_s;
  out.new_flows = grown(before.opened, after.opened) / elapsed_s;
  out.active = after.active;
  put_drops(out, before.drops, after.drops, elapsed_s);
  return out;
}

// All addresses and balancers of a link together.
std::map<plan::LinkNumber, LinkCounts> by_number(const dataplane::Counts& counts) {
  std::map<plan::LinkNumber, LinkCounts> out;
  for (const auto& [key, one] : counts.links) out[key.link] += one;
  return out;
}

template <typename Key, typename Counts, typename Name>
std::vector<Rate> rates(const std::map<Key, Counts>& before, const std::map<Key, Counts>& after, double elapsed_s,
                        Name name) {
  std::vector<Rate> out;
  for (const auto& [key, counts] : after) {
    const auto found = before.find(key);
    Rate& rate = out.emplace_back(rate_of(found == before.end() ? Counts{} : found->second, counts, elapsed_s));
    name(rate, key);
  }
  const auto busy = [](const Rate& rate) {
    return std::tuple(rate.sent_bytes + rate.received_bytes, rate.packets, rate.new_flows, rate.dropped);
  };
  std::stable_sort(out.begin(), out.end(), [&](const Rate& a, const Rate& b) { return busy(a) > busy(b); });
  return out;
}

}  // namespace

Rates rates_between(const dataplane::Counts& before, const dataplane::Counts& after, double elapsed_s) {
  Rates out;
  out.interfaces =
      rates(before.ports, after.ports, elapsed_s, [](Rate& rate, const std::string& id) { rate.name = id; });
  out.links = rates(by_number(before), by_number(after), elapsed_s,
                    [](Rate& rate, plan::LinkNumber number) { rate.link = number; });
  return out;
}

std::string short_number(double value) {
  constexpr const char* kUnits[] = {"", "k", "M", "G", "T", "P"};
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0 && value == static_cast<double>(static_cast<uint64_t>(value))) return fmt::format("{:.0f}", value);
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, decimals, kUnits[unit]);
}

}  // namespace ginnel::cli
