// Small files, whole: read at once, replaced atomically.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ginnel {

// The whole file. A file longer than `limit` bytes is an error.
Result<std::string> read_file(const std::string& path, size_t limit = 16U << 20);
// As read_file; no value where there is no such file.
Result<std::optional<std::string>> read_file_if_exists(const std::string& path, size_t limit = 16U << 20);

// After success the file has this content and mode, also after a power cut; a reader sees the old content or the new,
// never a part. Written beside the path, synced, renamed; the folder must exist.
Status write_file_atomically(const std::string& path, std::string_view content, mode_t mode);

// Makes the folder and those above it where they are missing; one that exists keeps its mode.
Status make_directories(const std::string& path, mode_t mode);

}  // namespace ginnel
