#include "daemon/state_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace ginnel::daemon {
namespace {

bool valid_tag(const std::string& tag) {
  return tag.size() == 8 &&
         std::all_of(tag.begin(), tag.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::string> checked_tag(const std::string& file, std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (!valid_tag(text)) return fail("read", file, "it does not hold 8 hexadecimal digits but '" + text + "'");
  return text;
}

}  // namespace

Result<StateDir> StateDir::open(const std::string& path, RandomSource& random) {
  std::error_code error;
  StateDir dir{std::filesystem::absolute(path, error).string(), {}};
  if (error) return fail("open state directory", path, error.message());
  GINNEL_CHECKED(make_directories(dir.path, 0711));
  const auto file = dir.file("tag");
  GINNEL_TRY(auto text, read_file_if_exists(file));
  if (!text) {
    text = random_hex(random, 8);
    GINNEL_CHECKED(write_file_atomically(file, *text + "\n", 0600));
  }
  GINNEL_TRY(dir.tag, checked_tag(file, *text));
  return dir;
}

Result<StateDir> StateDir::read(const std::string& path) {
  std::error_code error;
  StateDir dir{std::filesystem::absolute(path, error).string(), {}};
  if (error) return fail("open state directory", path, error.message());
  GINNEL_TRY(auto text, read_file(dir.file("tag")));
  GINNEL_TRY(dir.tag, checked_tag(dir.file("tag"), std::move(text)));
  return dir;
}

Status StateDir::write_credentials(const model::AccessKey& key, const std::string& region) const {
  return write_file_atomically(
      file("credentials"),
      fmt::format("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {}\n", key.id, key.secret,
                  region),
      0600);
}

}  // namespace ginnel::daemon
