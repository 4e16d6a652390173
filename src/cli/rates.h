// How busy interfaces and links were between two readings of the counters. Pure.
#pragma once

#include <string>
#include <vector>

#include "dataplane/counts.h"

namespace ginnel::cli {

// Per second, but for `active`. Of an interface "sent" is what it sent; of a link what those sent who opened its flows.
struct Rate {
  std::string name;           // the interface's id; of a link empty
  plan::LinkNumber link = 0;  // 0: an interface
  double sent_bytes = 0, received_bytes = 0, packets = 0, new_flows = 0, dropped = 0;
  uint64_t active = 0;
  std::string reason;  // of most of the drops; empty: none
};

struct Rates {
  std::vector<Rate> interfaces, links;  // the busiest first, by bytes, packets, new flows and drops; then by name
};

// What is only in `after` began in between.
[[nodiscard]] Rates rates_between(const dataplane::Counts& before, const dataplane::Counts& after, double elapsed_s);

// "0", "12.3", "4.56k", "789M": at most four digits.
[[nodiscard]] std::string short_number(double value);

}  // namespace ginnel::cli
