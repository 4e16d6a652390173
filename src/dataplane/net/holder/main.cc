// A daemon for tests: opens the data plane of a tag, applies one small plan, says what that took, and stays until its
// standard input ends or it is killed. Built twice: dataplane_net_next has another layout of the maps.
// usage: dataplane_net_holder TAG [tcx|clsact [FLOW_ENTRIES]]
#include <unistd.h>

#include <cstdio>

#include "dataplane/net/small_region.h"

using namespace ginnel::dataplane;

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) return 2;
  const std::string tag = argv[1];
  auto log = ginnel::Log::to_stderr(ginnel::LogLevel::warning);
  Options options;
  options.flow_entries = argc > 3 ? static_cast<uint32_t>(std::stoul(argv[3])) : 4096;
  if (argc > 2) options.attach = argv[2] == std::string("tcx") ? AttachMode::tcx : AttachMode::clsact;
  auto opened = Dataplane::open(host_plan(tag), options, log);
  if (!opened) return std::fprintf(stderr, "%s\n", opened.error().text().c_str()), 1;
  const auto applied = (*opened)->apply(two_friends(tag));
  if (!applied) return std::fprintf(stderr, "%s\n", applied.error().text().c_str()), 1;
  std::printf("adopted %d, %zu operations\n", (*opened)->adopted() ? 1 : 0, applied->operations);
  std::fflush(stdout);
  char byte = 0;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
