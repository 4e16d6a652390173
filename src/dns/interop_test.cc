// The resolver against the programs of others: dig and dnspython (interop.py).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "dns/resolver.h"
#include "dns/test_client.h"
#include "dns/test_region.h"

namespace ginnel::dns {
namespace {

using namespace test;  // NOLINT: its names are made for this

struct Ran {
  int status = -1;
  std::string output;  // stdout and stderr
};

Ran run(const std::vector<std::string>& arguments) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(to.get(), STDOUT_FILENO);
    ::dup2(to.get(), STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  to.reset();
  Ran ran;
  for (char buffer[4096];;) {
    if (!wait_readable(from.get(), 3 * kDeadlineMs)) {
      ::kill(child, SIGKILL);
      ran.output += "(killed at the deadline)";
      break;
    }
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    ran.output.append(buffer, static_cast<size_t>(got));
  }
  EXPECT_EQ(::waitpid(child, &ran.status, 0), child);
  return ran;
}

TEST(InteropTest, DigAndDnspythonAgree) {
  Log log = Log::discard();
  Resolver::Options options;
  options.listen = {{ip("127.0.0.1"), 0}};
  options.recursion.upstreams.emplace();
  const auto resolver = Resolver::start(options, log);
  ASSERT_TRUE(resolver) << resolver.error().text();
  ASSERT_TRUE((*resolver)->set_host(host()));
  ASSERT_TRUE((*resolver)->set_vpc(vpc_one()));
  ASSERT_TRUE((*resolver)->set_vpc(vpc_two()));
  const auto port = std::to_string((*resolver)->addresses().at(0).port);
  const auto ran = run({"/usr/bin/python3", DNS_INTEROP, "127.0.0.1", port});
  EXPECT_TRUE(WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 0) << ran.output;
  EXPECT_EQ(ran.output, "all as expected\n");
}

}  // namespace
}  // namespace ginnel::dns
