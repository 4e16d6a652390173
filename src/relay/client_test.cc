#include "relay/client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/file.h"
#include "base/unix_socket.h"
#include "relay/test_peers.h"

namespace ginnel::relay {
namespace {

using ::testing::HasSubstr;

const IpAddress kLoopback = IpAddress::from_v4(INADDR_LOOPBACK);

// An address of the loopback network for this process alone, so that fixed ports are free.
IpAddress own_address() { return IpAddress::from_v4(0x7f4e0000U | (static_cast<uint32_t>(::getpid()) & 0xffffU)); }

bool is_alive(int64_t pid) {
  const Result<std::string> stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  // "Z" is a process that has ended and waits for init.
  return stat && stat->substr(stat->rfind(')') + 2, 1) != "Z";
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    char pattern[] = "/tmp/ginnel-relay-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    launch_ = {RELAY_MAIN, folder_ + "/control", folder_ + "/log", {}};
  }
  ~ClientTest() override {
    for (const int64_t pid : relays_) {
      if (is_alive(pid)) ::kill(static_cast<pid_t>(pid), SIGKILL);
    }
    std::filesystem::remove_all(folder_);
  }
  Client ensure() {
    Result<Client> client = Client::ensure_running(launch_);
    EXPECT_TRUE(client) << client.error().text();
    if (client) relays_.push_back(client->pid());
    return std::move(*client);
  }
  // The reply to a line that no client of this build would send.
  std::string raw(const std::string& line) {
    const UniqueFd fd = std::move(*connect_unix(launch_.control_path));
    set_deadlines(fd.get());
    send_text(fd.get(), line + "\n");
    std::string out;
    for (std::string byte = receive_text(fd.get(), 1); !byte.empty() && byte != "\n";
         byte = receive_text(fd.get(), 1)) {
      out += byte;
    }
    return out;
  }

  static constexpr uint16_t kPort = 4430;
  std::string folder_;
  Launch launch_;
  std::vector<int64_t> relays_;
};

TEST_F(ClientTest, StartsARelayAndAdoptsItLater) {
  Client first = ensure();
  EXPECT_FALSE(first.adopted());
  Upstream upstream;
  ASSERT_TRUE(first.set_services({{"test", kPort, "127.0.0.1", upstream.port()}}, own_address()));
  const UniqueFd here = connect_to(own_address(), kPort);
  const UniqueFd there = upstream.accept();

  Client second = ensure();
  EXPECT_TRUE(second.adopted());
  EXPECT_EQ(second.pid(), first.pid());
  ASSERT_TRUE(second.set_services({{"test", kPort, "127.0.0.1", upstream.port()}}, own_address()));
  send_text(here.get(), "still");
  EXPECT_EQ(receive_text(there.get(), 5), "still");

  const RelayStatus status = second.status().value();
  EXPECT_EQ(status.connections, 1U);
  ASSERT_EQ(status.services.size(), 1U);
  EXPECT_EQ(status.services[0].counters.spec.name, "test");
  EXPECT_EQ(status.services[0].address, own_address());
  EXPECT_EQ(status.services[0].counters.bytes_up, 5U);
  EXPECT_TRUE(status.services[0].listening);
}

TEST_F(ClientTest, TheRelayIsAProcessOfItsOwn) {
  const UniqueFd other(::open("/dev/null", O_RDONLY));  // may be inherited
  const Client client = ensure();
  const pid_t pid = static_cast<pid_t>(client.pid());
  EXPECT_EQ(::getsid(pid) == ::getsid(0), false);
  EXPECT_THAT(read_file("/proc/" + std::to_string(pid) + "/status").value(),
              ::testing::Not(HasSubstr("PPid:\t" + std::to_string(::getpid()))));
  const std::string fds = "/proc/" + std::to_string(pid) + "/fd/";
  EXPECT_EQ(std::filesystem::read_symlink(fds + "0"), "/dev/null");
  EXPECT_EQ(std::filesystem::read_symlink(fds + "1"), launch_.log_path);
  EXPECT_EQ(std::filesystem::read_symlink(fds + "2"), launch_.log_path);
  for (const auto& fd : std::filesystem::directory_iterator(fds)) {
    if (fd.path().filename() == "0") continue;
    EXPECT_NE(std::filesystem::read_symlink(fd.path()), "/dev/null");
  }
  struct stat info {};
  ASSERT_EQ(::stat(launch_.control_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ClientTest, AConnectionGoesOnWhenTheStarterIsKilled) {
  Upstream upstream;
  int output[2];
  ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
  const std::string port = std::to_string(upstream.port());
  const pid_t starter = ::fork();
  if (starter == 0) {
    ::dup2(output[1], 1);
    ::execl(RELAY_MAIN, RELAY_MAIN, "start", launch_.control_path.c_str(), launch_.log_path.c_str(), "24443",
            port.c_str(), nullptr);
    ::_exit(127);
  }
  UniqueFd from_starter(output[0]);
  ::close(output[1]);
  std::string line(6, '\0');
  ASSERT_EQ(::read(from_starter.get(), line.data(), line.size()), 6);
  ASSERT_EQ(line, "ready\n");
  const UniqueFd here = connect_to(kLoopback, 24443);
  const UniqueFd there = upstream.accept();
  send_text(here.get(), "before");
  EXPECT_EQ(receive_text(there.get(), 6), "before");

  ::kill(starter, SIGKILL);
  ASSERT_EQ(::waitpid(starter, nullptr, 0), starter);
  send_text(here.get(), "after");
  EXPECT_EQ(receive_text(there.get(), 5), "after");
  EXPECT_TRUE(connect_to(kLoopback, 24443));
  const Client adopter = ensure();
  EXPECT_TRUE(adopter.adopted());
}

TEST_F(ClientTest, StartersThatRaceGetOneRelay) {
  std::vector<std::future<int64_t>> starters;
  for (int i = 0; i < 8; ++i) {
    starters.push_back(std::async(std::launch::async, [this] {
      const Result<Client> client = Client::ensure_running(launch_);
      return client ? client->pid() : -1;
    }));
  }
  for (auto& starter : starters) relays_.push_back(starter.get());
  for (const int64_t pid : relays_) EXPECT_EQ(pid, relays_.front());
  EXPECT_GT(relays_.front(), 0);
}

TEST_F(ClientTest, ARelayThatWasKilledIsReplaced) {
  const Client first = ensure();
  ::kill(static_cast<pid_t>(first.pid()), SIGKILL);
  ASSERT_TRUE(eventually([&] { return !is_alive(first.pid()); }));
  EXPECT_TRUE(std::filesystem::exists(launch_.control_path));
  const Client second = ensure();
  EXPECT_FALSE(second.adopted());
  EXPECT_NE(second.pid(), first.pid());
}

TEST_F(ClientTest, ASecondRelayOnTheSameSocketDoesNotStart) {
  ensure();
  Launch direct = launch_;
  // Past the starter's own look: what a person might type.
  const pid_t other = ::fork();
  if (other == 0) {
    const int log = ::open(launch_.log_path.c_str(), O_WRONLY | O_APPEND);
    ::dup2(log, 2);
    ::execl(RELAY_MAIN, RELAY_MAIN, "relay", "--control", direct.control_path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(read_file(launch_.log_path).value(), HasSubstr("another relay runs on this socket"));
  EXPECT_TRUE(Client::find(launch_.control_path));
}

TEST_F(ClientTest, StopEndsTheProcessAndResetsItsConnections) {
  Client client = ensure();
  Upstream upstream;
  ASSERT_TRUE(client.set_services({{"test", kPort, "127.0.0.1", upstream.port()}}, own_address()));
  const UniqueFd here = connect_to(own_address(), kPort);
  const UniqueFd there = upstream.accept();
  ASSERT_TRUE(client.stop());
  EXPECT_FALSE(is_alive(client.pid()));
  EXPECT_EQ(next_of(here.get()), "ECONNRESET");
  EXPECT_FALSE(std::filesystem::exists(launch_.control_path));
  EXPECT_EQ(client.status().error().code, ENOENT);
  EXPECT_FALSE(ensure().adopted());
}

TEST_F(ClientTest, SigtermEndsTheRelayInOrder) {
  const Client client = ensure();
  ::kill(static_cast<pid_t>(client.pid()), SIGTERM);
  EXPECT_TRUE(eventually([&] { return !is_alive(client.pid()); }));
  EXPECT_FALSE(std::filesystem::exists(launch_.control_path));
  EXPECT_THAT(read_file(launch_.log_path).value(), HasSubstr("relay ends with 0 connections"));
}

TEST_F(ClientTest, ARetiredRelayCarriesItsConnectionsToTheirEndBesideANewOne) {
  Client old_relay = ensure();
  Upstream upstream;
  const std::vector<plan::RelayService> services{{"test", kPort, "127.0.0.1", upstream.port()}};
  ASSERT_TRUE(old_relay.set_services(services, own_address()));
  UniqueFd here = connect_to(own_address(), kPort);
  const UniqueFd there = upstream.accept();
  // As a daemon of a later protocol would.
  EXPECT_THAT(raw(R"({"protocol":99,"op":"retire","news":1})"), HasSubstr("\"ok\":true"));

  Client new_relay = ensure();
  EXPECT_FALSE(new_relay.adopted());
  ASSERT_TRUE(new_relay.set_services(services, own_address()));
  EXPECT_TRUE(connect_to(own_address(), kPort));
  send_text(here.get(), "still");
  EXPECT_EQ(receive_text(there.get(), 5), "still");
  EXPECT_TRUE(is_alive(old_relay.pid()));
  here.reset();
  EXPECT_EQ(next_of(there.get()), "end");
  ::shutdown(there.get(), SHUT_WR);
  EXPECT_TRUE(eventually([&] { return !is_alive(old_relay.pid()); }));
  EXPECT_TRUE(std::filesystem::exists(launch_.control_path));
}

TEST_F(ClientTest, TheRelayRefusesWhatItDoesNotUnderstand) {
  Client client = ensure();
  EXPECT_THAT(raw(R"({"protocol":99,"op":"hello"})"), HasSubstr("\"protocol\":1,\"ok\":true"));
  EXPECT_THAT(raw(R"({"protocol":99,"op":"status"})"), HasSubstr("protocol 99 is not spoken; this relay speaks 1"));
  EXPECT_THAT(raw(R"({"protocol":1,"op":"dance"})"), HasSubstr("unknown command \\\"dance\\\""));
  EXPECT_THAT(raw("nonsense"), HasSubstr("\"ok\":false"));
  EXPECT_THAT(raw("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(raw(R"({"op":"status"})"), HasSubstr("\\\"protocol\\\": missing or not of its kind"));
  EXPECT_THAT(raw(R"({"protocol":1,"op":"set_services","address":"x","close_removed":false,"services":[]})"),
              HasSubstr("\\\"address\\\": missing or not of its kind"));
  EXPECT_THAT(raw(R"({"protocol":1,"op":"set_services","address":"127.0.0.1","close_removed":false,"services":)"
                  R"([{"name":"a","listen_port":70000,"upstream_host":"b","upstream_port":1}]})"),
              HasSubstr("\\\"listen_port\\\": missing or not of its kind"));
  EXPECT_TRUE(client.status());
}

TEST_F(ClientTest, ErrorsOfServicesAreToldByName) {
  Client client = ensure();
  const Status refused = client.set_services({{"bad", 1, "", 80}}, own_address());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "set relay services: relay service \"bad\": it has no upstream");
  const UniqueFd blocker = listen_at(own_address(), kPort);
  ASSERT_TRUE(blocker);
  const Status busy =
      client.set_services({{"busy", kPort, "host", 80}, {"good", kPort + 1, "host", 80}}, own_address());
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().text(),
            "set relay services: busy: listen on " + own_address().to_string() + ":4430: Address already in use");
  EXPECT_TRUE(client.status()->services[1].listening);
}

TEST_F(ClientTest, AManyServicesListFitsThroughTheSocket) {
  Client client = ensure();
  std::vector<plan::RelayService> services;
  for (uint16_t i = 0; i < 1000; ++i) {
    services.push_back({"service-" + std::to_string(i), static_cast<uint16_t>(5000 + i), std::string(200, 'h'), 80});
  }
  ASSERT_TRUE(client.set_services(services, own_address()));
  EXPECT_EQ(client.status()->services.size(), 1000U);
}

TEST_F(ClientTest, WhatCannotStartIsAnErrorThatSaysWhy) {
  launch_.executable = folder_ + "/absent";
  EXPECT_EQ(Client::ensure_running(launch_).error().text(), "start " + folder_ + "/absent: No such file or directory");
  launch_.executable = "/bin/false";
  EXPECT_THAT(Client::ensure_running(launch_).error().text(),
              HasSubstr("start relay /bin/false: it ended at once; see " + launch_.log_path));
  launch_.control_path = folder_ + "/absent/control";
  EXPECT_THAT(Client::ensure_running(launch_).error().text(), HasSubstr("open " + folder_ + "/absent/control.start"));
  EXPECT_EQ(Client::find(folder_ + "/nobody").error().code, ENOENT);
}

}  // namespace
}  // namespace ginnel::relay
