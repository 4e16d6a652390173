#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/unique_fd.h"

namespace ginnel {
namespace {

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write", path);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_and_sync(const std::string& path, std::string_view content, mode_t mode) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return fail_errno("create", path);
  // Neither the umask nor a left-over file of an earlier attempt decides about the mode.
  if (::fchmod(fd.get(), mode) != 0) return fail_errno("set mode of", path);
  GINNEL_CHECKED(write_all(fd.get(), content, path));
  if (::fsync(fd.get()) != 0) return fail_errno("sync", path);
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file_if_exists(const std::string& path, size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::optional<std::string>();
  if (!fd) return fail_errno("open", path);
  std::string content;
  char chunk[16384];
  while (true) {
    const ssize_t n = ::read(fd.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read", path);
    if (n == 0) return std::optional<std::string>(std::move(content));
    content.append(chunk, static_cast<size_t>(n));
    if (content.size() > limit)
      return fail("read", path, "the file is longer than " + std::to_string(limit) + " bytes");
  }
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  GINNEL_TRY(std::optional<std::string> content, read_file_if_exists(path, limit));
  if (!content) return fail_errno("open", path, ENOENT);
  return std::move(*content);
}

Status write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  const std::string beside = path + ".new";
  if (Status written = write_and_sync(beside, content, mode); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int code = errno;
    ::unlink(beside.c_str());
    return fail_errno("replace", path, code);
  }
  // The rename itself is durable only once the folder is.
  const std::string folder = folder_of(path);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open", folder);
  if (::fsync(fd.get()) != 0) return fail_errno("sync", folder);
  return {};
}

Status make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT) {
    const std::string folder = folder_of(path);
    if (folder == path || folder == ".") return fail_errno("make folder", path, ENOENT);
    GINNEL_CHECKED(make_directories(folder, mode));
    if (::mkdir(path.c_str(), mode) == 0) return {};
  }
  if (errno != EEXIST) return fail_errno("make folder", path);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail_errno("look at", path);
  if (!S_ISDIR(info.st_mode)) return fail_errno("make folder", path, ENOTDIR);
  return {};
}

}  // namespace ginnel
