#include "dataplane/net/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "dataplane/netns.h"

namespace ginnel::dataplane {
namespace {

constexpr int kDeadlineMs = static_cast<int>(std::chrono::milliseconds(kDeadline).count());

struct SocketAddress {
  sockaddr_in6 storage{};  // or a sockaddr_in in its place, which is shorter
  socklen_t length = sizeof storage;

  static SocketAddress of(const IpAddress& address, uint16_t port) {
    SocketAddress out;
    if (address.is_v4()) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_addr.s_addr = htonl(address.v4());
      v4.sin_port = htons(port);
      std::memcpy(&out.storage, &v4, sizeof v4);
      out.length = sizeof v4;
      return out;
    }
    out.storage.sin6_family = AF_INET6;
    std::memcpy(&out.storage.sin6_addr, address.bytes().data(), sizeof out.storage.sin6_addr);
    out.storage.sin6_port = htons(port);
    return out;
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<UniqueFd> make_socket(const std::string& netns, int family, int type, int protocol) {
  UniqueFd out;
  const auto make = [&]() -> Status {
    out.reset(socket(family, type | SOCK_CLOEXEC, protocol));
    return out ? Status{} : Status(fail_errno("make", "socket"));
  };
  if (netns.empty()) {
    GINNEL_CHECKED(make());
    return out;
  }
  const UniqueFd fd(open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open", netns);
  GINNEL_CHECKED(in_namespace(fd.get(), make));
  return out;
}

int family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

bool ready(int fd, short events) {
  pollfd waiting{fd, events, 0};
  return poll(&waiting, 1, kDeadlineMs) == 1;
}

uint16_t checksum(const uint8_t* data, size_t length) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < length; i += 2) sum += static_cast<uint32_t>(data[i] << 8 | data[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

}  // namespace

bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

Result<UniqueFd> listen_tcp(const std::string& netns, const IpAddress& address, uint16_t port) {
  GINNEL_TRY(UniqueFd out, make_socket(netns, family_of(address), SOCK_STREAM, 0));
  const int on = 1;
  setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto here = SocketAddress::of(address, port);
  if (bind(out.get(), here.get(), here.length) != 0) return fail_errno("bind", netns);
  if (listen(out.get(), 16) != 0) return fail_errno("listen", netns);
  return out;
}

Result<UniqueFd> begin_connect(const std::string& netns, const IpAddress& address, uint16_t port) {
  GINNEL_TRY(UniqueFd out, make_socket(netns, family_of(address), SOCK_STREAM | SOCK_NONBLOCK, 0));
  const auto there = SocketAddress::of(address, port);
  if (connect(out.get(), there.get(), there.length) != 0 && errno != EINPROGRESS) {
    return fail_errno("connect to", address.to_string());
  }
  return out;
}

int finish_connect(int fd) {
  if (!ready(fd, POLLOUT)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

Result<UniqueFd> connect_tcp(const std::string& netns, const IpAddress& address, uint16_t port) {
  GINNEL_TRY(UniqueFd out, begin_connect(netns, address, port));
  if (const int error = finish_connect(out.get()); error != 0)
    return fail_errno("connect to", address.to_string(), error);
  return out;
}

Result<UniqueFd> accept_tcp(int listener, IpAddress* peer, uint16_t* peer_port) {
  if (!ready(listener, POLLIN)) return fail_errno("accept", "", ETIMEDOUT);
  sockaddr_in from{};
  socklen_t length = sizeof from;
  UniqueFd out(accept4(listener, reinterpret_cast<sockaddr*>(&from), &length, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!out) return fail_errno("accept", "");
  if (peer) *peer = IpAddress::from_v4(ntohl(from.sin_addr.s_addr));
  if (peer_port) *peer_port = ntohs(from.sin_port);
  return out;
}

std::string exchange(int from, int to, const std::string& text) {
  if (send(from, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    return std::strerror(errno);
  std::string got;
  while (got.size() < text.size()) {
    if (!ready(to, POLLIN)) return "nothing came";
    std::array<char, 1024> buffer{};
    const ssize_t count = recv(to, buffer.data(), buffer.size(), 0);
    if (count <= 0) return count == 0 ? "closed" : std::strerror(errno);
    got.append(buffer.data(), static_cast<size_t>(count));
  }
  return got == text ? "" : "other text came: " + got;
}

int wait_for_error(int fd) {
  if (!ready(fd, POLLIN)) return ETIMEDOUT;
  char byte = 0;
  return recv(fd, &byte, 1, 0) < 0 ? errno : 0;
}

Status ping(const std::string& netns, const IpAddress& address) {
  GINNEL_TRY(const UniqueFd fd, make_socket(netns, AF_INET, SOCK_RAW, IPPROTO_ICMP));
  std::array<uint8_t, 16> request{};
  icmphdr header{};
  header.type = ICMP_ECHO;
  header.un.echo.id = htons(0x4711);
  std::memcpy(request.data(), &header, sizeof header);
  header.checksum = checksum(request.data(), request.size());
  std::memcpy(request.data(), &header, sizeof header);
  const auto there = SocketAddress::of(address, 0);
  if (sendto(fd.get(), request.data(), request.size(), 0, there.get(), there.length) < 0) {
    return fail_errno("ping", address.to_string());
  }
  while (ready(fd.get(), POLLIN)) {
    std::array<uint8_t, 256> answer{};
    const ssize_t got = recv(fd.get(), answer.data(), answer.size(), 0);
    const size_t ip_header = static_cast<size_t>(answer[0] & 15) * 4;
    if (got < static_cast<ssize_t>(ip_header + sizeof header)) continue;
    std::memcpy(&header, answer.data() + ip_header, sizeof header);
    if (header.type == ICMP_ECHOREPLY && header.un.echo.id == htons(0x4711)) return {};
  }
  return fail_errno("ping", address.to_string(), ETIMEDOUT);
}

int run(std::vector<std::string> command, std::string* said) {
  std::vector<char*> arguments;
  for (auto& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  std::array<int, 2> out{-1, -1};
  if (said != nullptr && pipe2(out.data(), O_CLOEXEC) != 0) return -1;
  UniqueFd reading(out[0]), writing(out[1]);
  const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const pid_t child = fork();
  if (child == 0) {
    dup2(nothing.get(), STDIN_FILENO);
    if (said != nullptr && (dup2(writing.get(), STDOUT_FILENO) < 0 || dup2(writing.get(), STDERR_FILENO) < 0))
      _exit(127);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  writing.reset();
  std::array<char, 4096> part{};
  for (ssize_t got = 0; said != nullptr && (got = read(reading.get(), part.data(), part.size())) > 0;) {
    said->append(part.data(), static_cast<size_t>(got));
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace ginnel::dataplane
