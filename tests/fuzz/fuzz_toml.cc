// The configuration parser on any bytes: an answer or an error, and what it accepts is within its own limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = ginnel::config::parse(text, "fuzz.toml");
  if (!config) {
    GINNEL_CHECK(!config.error().cause.empty(), "an error says why");
    return 0;
  }
  GINNEL_CHECK(!config->zones.empty() && config->zones.size() <= 26, "a region has zones");
  GINNEL_CHECK(!config->http || config->http->is_loopback(), "plain HTTP is loopback only");
  for (const auto& service : config->services) {
    GINNEL_CHECK(!service.zones.empty(), "a service is in a zone");
    GINNEL_CHECK(service.upstream.port != 0 && service.port != 0, "ports are not 0");
    GINNEL_CHECK(ginnel::config::HostPort::parse(service.upstream.to_string()), "an upstream reads back");
  }
  return 0;
}
