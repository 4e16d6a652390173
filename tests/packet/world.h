// The state of a case: devices and the contents of the maps, from lines of text. See README.md.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "network.h"
#include "program.h"
#include "words.h"

namespace ginnel::packet_test {

class World {
 public:
  // In a network namespace of its own, which the calling thread enters. The program outlives it, and is emptied.
  explicit World(Program& program);

  // Carries out one line. False if its first word is no command of a world.
  bool apply(const std::string& line);
  void apply_all(const std::string& lines);

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] Tap& device(const std::string& port);
  [[nodiscard]] const MacAddress& mac_of(const std::string& port) const;
  [[nodiscard]] const std::map<std::string, MacAddress>& macs() const { return macs_; }
  void attach_everywhere();

  // The key that a line "vpc=1 tcp A:1 > B:2" names; takes its words.
  static ginnel_flow_key flow_key(Words& words);

 private:
  void port(Words words);
  void destination(Words words, bool endpoint);
  void link(Words words);
  void probe(Words words);
  void balancer(Words words);
  void target(Words words);
  void table(Words words);
  void policy(Words words);
  void rule(Words words);
  void occupy(Words words);
  void collect();
  void cut(const Words& words);
  void change_flows(Words words, const std::string& how);

  Program& program_;
  std::map<std::string, std::unique_ptr<Tap>> devices_;
  std::map<std::string, MacAddress> macs_;
  std::map<uint32_t, ginnel_policy> policies_;
  uint32_t next_rule_ = 0;
};

}  // namespace ginnel::packet_test
