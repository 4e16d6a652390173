// Where the fuzzer has its packets from: those of all cases, and conversations of its own world with the ICMP errors
// about them and their datagrams in fragments; all mutated now and then. Seeded.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "frame.h"
#include "world.h"

namespace ginnel::packet_test {

struct Sent {
  std::string port;  // that it comes in from
  Frame frame;
};

class PacketSource {
 public:
  // The world is the caller's, and must outlive this.
  PacketSource(uint64_t seed, World& world);

  Sent next();
  // The fragments of one datagram, in order.
  std::vector<Sent> datagram();
  // Without the kernel's test run refusing it.
  void mutate(Frame& frame);

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random_); }
  bool chance(uint64_t n) { return below(n) == 0; }

 private:
  struct Line {
    std::string port, packet;
  };

  static const std::vector<Line>& conversations();
  static std::vector<Line> packets_of_cases();
  Sent of_this_world();
  Sent of_a_case();
  Sent error();
  Line random_line(const std::string& port);
  Frame make(Line line);
  std::string quote_of(const Line& line);
  void insert_header(Frame& frame);
  void change_field(Frame& frame);
  void change_quote(Frame& frame);
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  std::mt19937_64 random_;
  World& world_;
  std::vector<std::string> ports_;
  uint16_t next_id_ = 1000;  // of datagrams; those of cases are smaller
};

}  // namespace ginnel::packet_test
