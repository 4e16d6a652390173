#include "base/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace ginnel {
namespace {

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail("use socket", path,
                "the path has " + std::to_string(path.size()) + " bytes; a socket's path has 1 to " +
                    std::to_string(sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<UniqueFd> unix_stream(int flags, const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail_errno("make socket", path);
  return fd;
}

}  // namespace

Result<UniqueFd> connect_unix(const std::string& path) {
  GINNEL_TRY(const sockaddr_un address, unix_address(path));
  GINNEL_TRY(UniqueFd fd, unix_stream(0, path));
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINTR) return fail_errno("connect", path);
  }
  return fd;
}

Result<UniqueFd> listen_unix(const std::string& path, mode_t mode) {
  GINNEL_TRY(const sockaddr_un address, unix_address(path));
  Result<UniqueFd> other = connect_unix(path);
  if (other) return fail_errno("listen on", path, EADDRINUSE);
  struct stat info {};
  const bool is_socket = ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
  if (other.error().code == ECONNREFUSED && is_socket) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove", path);
  } else if (other.error().code != ENOENT) {
    return tl::unexpected(std::move(other).error());
  }
  GINNEL_TRY(UniqueFd fd, unix_stream(SOCK_NONBLOCK, path));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("listen on", path);
  }
  // Nobody can connect before listen(), so the mode is right before it matters.
  if (::chmod(path.c_str(), mode) != 0) return fail_errno("set mode of", path);
  if (::listen(fd.get(), 128) != 0) return fail_errno("listen on", path);
  return fd;
}

}  // namespace ginnel
