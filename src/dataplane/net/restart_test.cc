// A daemon in a mount namespace of its own, as `ip netns exec` makes one, killed and started again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "dataplane/net/small_region.h"
#include "dataplane/netns.h"
#include "dataplane/teardown.h"

namespace ginnel::dataplane {
namespace {

// The holder beside this program, run by `ip netns exec`; killed with its owner.
class Holder {
 public:
  Holder(const std::string& netns, const std::string& tag) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dataplane_net_holder";
    std::array<int, 2> in{}, out{};
    if (pipe(in.data()) != 0 || pipe(out.data()) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      for (const int fd : {in[0], in[1], out[0], out[1]}) close(fd);
      execlp("ip", "ip", "netns", "exec", netns.c_str(), program.c_str(), tag.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_.reset(in[1]);
    out_.reset(out[0]);
  }
  ~Holder() { kill_hard(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  // What it says first; empty if it ended without a word.
  std::string line() {
    std::string text;
    char byte = 0;
    while (read(out_.get(), &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
  }
  void kill_hard() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
  UniqueFd in_, out_;
};

class Restart : public OwnNetwork {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    netns_ = "ginnel-test-" + tag_;
    ASSERT_EQ(run({"ip", "netns", "add", netns_}), 0);
  }
  void TearDown() override {
    if (!netns_.empty()) {
      const UniqueFd fd(open(("/run/netns/" + netns_).c_str(), O_RDONLY | O_CLOEXEC));
      EXPECT_GOOD(in_namespace(fd.get(), [&]() -> Status {
        GINNEL_CHECKED(teardown(tag_));
        return {};
      }));
      EXPECT_EQ(run({"ip", "netns", "del", netns_}), 0);
    }
    OwnNetwork::TearDown();
  }
  std::string netns_;
};

TEST_F(Restart, ADaemonUnderIpNetnsExecIsKilledAndTheNextOneAdopts) {
  Holder first(netns_, tag_);
  ASSERT_EQ(first.line(), "adopted 0, 15 operations");
  // The instances are seen from here, though the daemon mounted them from a mount namespace of its own.
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);

  first.kill_hard();
  EXPECT_EQ(exchange(client->get(), server->get(), "no daemon"), "");
  Holder second(netns_, tag_);
  EXPECT_EQ(second.line(), "adopted 1, 0 operations");
  EXPECT_EQ(exchange(client->get(), server->get(), "another daemon"), "");
  EXPECT_EQ(exchange(server->get(), client->get(), "and back"), "");
  EXPECT_GOOD(connect_tcp(instance("a"), ip("10.0.1.6"), 80));
}

}  // namespace
}  // namespace ginnel::dataplane
