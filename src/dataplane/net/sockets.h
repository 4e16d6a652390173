// Sockets inside instances, for tests. A socket belongs to the namespace in which it was made, whoever uses it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

// Enough for a slow machine; nothing waits this long when it works.
inline constexpr std::chrono::seconds kDeadline{10};

// Until `condition` holds; false at the deadline.
bool wait_until(const std::function<bool()>& condition);

// `netns` empty: the namespace of the caller.
Result<UniqueFd> listen_tcp(const std::string& netns, const IpAddress& address, uint16_t port);
// Begins to connect and returns at once.
Result<UniqueFd> begin_connect(const std::string& netns, const IpAddress& address, uint16_t port);
// Waits for the end of a connect: 0, or its errno; ETIMEDOUT at the deadline.
int finish_connect(int fd);
Result<UniqueFd> connect_tcp(const std::string& netns, const IpAddress& address, uint16_t port);
// The next connection and who opened it.
Result<UniqueFd> accept_tcp(int listener, IpAddress* peer = nullptr, uint16_t* peer_port = nullptr);
// Sends `text` on one socket and expects it on the other; empty if it came.
std::string exchange(int from, int to, const std::string& text);
// Waits for something to read and gives read's errno: 0 for data or end of file.
int wait_for_error(int fd);
// One ICMP echo and its answer.
Status ping(const std::string& netns, const IpAddress& address);

// The exit code of a command that runs as its own process, without input; -1 if it did not end by itself. With `said`
// that gets all that it writes.
int run(std::vector<std::string> command, std::string* said = nullptr);

}  // namespace ginnel::dataplane
