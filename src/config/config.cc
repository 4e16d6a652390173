#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/reader.h"

namespace ginnel::config {
namespace {

constexpr size_t kLargestFile = 1 << 20;
constexpr size_t kMostZones = 26;
constexpr unsigned kShortestIpv6Pool = 16, kIpv6BlockLength = 56;
constexpr int64_t kMostFlows = 16000000;  // 6 GiB
constexpr int kDeepest = 32;              // nesting; the parser recurses

// The text of a name as AWS writes region, zone and service codes: "ap-northeast-1", "ecr.api".
Result<std::string> parse_code(std::string_view text) {
  GINNEL_TRY(std::string name, parse_dns_name(text));
  if (name != text || name.find('_') != std::string::npos)
    return fail("read", text, "is not lower-case letters, digits, dots and hyphens");
  return name;
}

Result<std::string> parse_region(std::string_view text) {
  GINNEL_TRY(std::string name, parse_code(text));
  if (name.find('.') != std::string::npos) return fail("read", text, "a region's name has no dots");
  return name;
}

Result<AddressPort> parse_resolver(std::string_view text) {
  if (auto address = IpAddress::parse(text)) return AddressPort{*address, 53};
  auto both = AddressPort::parse(text);
  if (!both) return fail("read", text, "is neither ADDRESS nor ADDRESS:PORT");
  return both;
}

Result<AddressPort> parse_http(std::string_view text) {
  GINNEL_TRY(const AddressPort http, AddressPort::parse(text));
  if (!http.is_loopback()) return fail("read", text, "plain HTTP is only for a loopback address");
  return http;
}

Result<IpAddress> parse_public_address(std::string_view text) {
  GINNEL_TRY(const IpAddress address, IpAddress::parse(text));
  if (!address.is_v4()) return fail("read", text, "is not an IPv4 address");
  return address;
}

Result<Cidr> parse_synthetic_range(std::string_view text) {
  GINNEL_TRY(const Cidr range, Cidr::parse_strict(text));
  if (!range.is_v4() || range.length() < 8 || range.length() > 24)
    return fail("read", text, "is not an IPv4 range of /8 to /24");
  return range;
}

// Unicast that is routed: neither loopback, IPv4 in other clothes, link-local nor multicast.
Result<Cidr> parse_ipv6_pool(std::string_view text) {
  GINNEL_TRY(const Cidr pool, Cidr::parse_strict(text));
  if (pool.is_v4() || pool.length() < kShortestIpv6Pool || pool.length() > kIpv6BlockLength)
    return fail("read", text, "is not an IPv6 range of /16 to /56");
  const uint8_t first = pool.base().bytes()[0];
  if ((first & 0xe0) != 0x20 && (first & 0xfe) != 0xfc)
    return fail("read", text, "is neither of 2000::/3 nor of fc00::/7");
  return pool;
}

Result<std::vector<Zone>> read_zones(Reader& reader, const std::string& region) {
  std::vector<Zone> zones = default_zones(region);
  const toml::value* value = reader.find("zones");
  if (value == nullptr) return zones;
  std::vector<std::string> names;
  GINNEL_CHECKED(reader.read_list("zones", names, parse_region));
  if (names.empty() || names.size() > kMostZones)
    return reader.error("zones", *value, fmt::format("holds {} zones; 1–{} are possible", names.size(), kMostZones));
  zones.clear();
  for (const std::string& name : names) {
    if (!name.starts_with(region) || name.size() == region.size())
      return reader.error("zones", *value, fmt::format("{} is not the region's name {} and a letter", name, region));
    zones.push_back({name, fmt::format("{}-az{}", region_code(region), zones.size() + 1)});
  }
  return zones;
}

Status read_service_zones(Reader& reader, const std::vector<Zone>& zones, Service& service) {
  GINNEL_CHECKED(reader.read_list("zones", service.zones, parse_region));
  for (const std::string& name : service.zones)
    if (std::none_of(zones.begin(), zones.end(), [&](const Zone& zone) { return zone.name == name; }))
      return reader.error(fmt::format("service {}: no zone {} in the region", service.name, name));
  if (service.zones.empty())
    for (const Zone& zone : zones) service.zones.push_back(zone.name);
  return {};
}

// What belongs to one service and to no other: its name and its private names.
Status check_distinct(const Reader& reader, const Config& config, const Service& service) {
  for (const std::string_view built_in : kBuiltInServices) {
    if (service.name == built_in) return reader.error(fmt::format("service {} is built in", service.name));
    const std::string name = fmt::format("{}.{}.{}", built_in, config.region, config.dns_suffix);
    if (std::find(service.private_dns_names.begin(), service.private_dns_names.end(), name) !=
        service.private_dns_names.end())
      return reader.error(fmt::format("service {}: {} is the name of the service {}", service.name, name, built_in));
  }
  for (const Service& other : config.services) {
    if (other.name == service.name) return reader.error(fmt::format("service {} is given twice", service.name));
    for (const std::string& name : service.private_dns_names)
      if (std::find(other.private_dns_names.begin(), other.private_dns_names.end(), name) !=
          other.private_dns_names.end())
        return reader.error(fmt::format("service {}: {} is a name of the service {}", service.name, name, other.name));
  }
  return {};
}

Result<Service> read_service(const toml::value& table, const std::string& file, const Config& config) {
  Reader reader(table, file, "service");
  if (!table.is_table()) return reader.error("service is not a table: write [[service]]");
  Service service;
  GINNEL_CHECKED(reader.require("name"));
  GINNEL_CHECKED(reader.read("name", service.name, parse_code));
  GINNEL_CHECKED(reader.require("upstream"));
  GINNEL_CHECKED(reader.read("upstream", service.upstream, HostPort::parse));
  if (const toml::value* port = reader.find("port")) {
    GINNEL_TRY(const int64_t number, reader.integer("port", *port, 1, 65535));
    service.port = static_cast<uint16_t>(number);
  }
  service.private_dns_names = {fmt::format("{}.{}.{}", service.name, config.region, config.dns_suffix)};
  GINNEL_CHECKED(reader.read_list("private_dns_names", service.private_dns_names,
                                  [](std::string_view text) { return parse_dns_name(text, true); }));
  GINNEL_CHECKED(read_service_zones(reader, config.zones, service));
  GINNEL_CHECKED(reader.finish());
  GINNEL_CHECKED(check_distinct(reader, config, service));
  return service;
}

Status read_services(Reader& reader, const std::string& file, Config& config) {
  const toml::value* value = reader.find("service");
  if (value == nullptr) return {};
  if (!value->is_array()) return reader.error("service", *value, "is not a list of tables: write [[service]]");
  for (const toml::value& table : value->as_array(std::nothrow)) {
    GINNEL_TRY(Service service, read_service(table, file, config));
    config.services.push_back(std::move(service));
  }
  return {};
}

Status read_number(Reader& reader, const char* key, int64_t least, int64_t most, uint32_t& out) {
  const toml::value* value = reader.find(key);
  if (value == nullptr) return {};
  GINNEL_TRY(const int64_t number, reader.integer(key, *value, least, most));
  out = static_cast<uint32_t>(number);
  return {};
}

bool is_prime(int64_t number) {
  for (int64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return number > 1;
}

// More than the 3,000 targets that a load balancer may have.
Status read_table_size(Reader& reader, Config& config) {
  const toml::value* value = reader.find("maglev_table_size");
  if (value == nullptr) return {};
  GINNEL_TRY(const int64_t size, reader.integer("maglev_table_size", *value, 3001, 1 << 20));
  if (!is_prime(size)) return reader.error("maglev_table_size", *value, "is not a prime number");
  config.maglev_table_size = static_cast<uint32_t>(size);
  return {};
}

Status read_big_tcp(Reader& reader, Config& config) {
  const toml::value* value = reader.find("big_tcp");
  if (value == nullptr) return {};
  if (!value->is_boolean()) return reader.error("big_tcp", *value, "is neither true nor false");
  config.big_tcp = value->as_boolean(std::nothrow);
  return {};
}

template <typename T, typename Parse>
Status override_with(std::string_view option, const std::optional<std::string>& given, T& out, Parse parse) {
  if (!given) return {};
  auto result = parse(*given);
  if (!result) return fail("read", fmt::format("{} {}", option, *given), result.error().cause);
  out = std::move(*result);
  return {};
}

Result<Config> read_config(const toml::value& document, const std::string& file, const Overrides& overrides) {
  Config config;
  Reader reader(document, file, "");
  GINNEL_CHECKED(reader.read("region", config.region, parse_region));
  GINNEL_CHECKED(override_with("--region", overrides.region, config.region, parse_region));
  GINNEL_TRY(config.zones, read_zones(reader, config.region));
  GINNEL_CHECKED(
      reader.read("dns_suffix", config.dns_suffix, [](std::string_view text) { return parse_dns_name(text); }));
  GINNEL_CHECKED(reader.read("listen", config.listen, AddressPort::parse));
  GINNEL_CHECKED(override_with("--listen", overrides.listen, config.listen, AddressPort::parse));
  GINNEL_CHECKED(reader.read("http", config.http, parse_http));
  GINNEL_CHECKED(override_with("--http", overrides.http, config.http, parse_http));
  GINNEL_CHECKED(reader.read("metrics_listen", config.metrics_listen, AddressPort::parse));
  GINNEL_CHECKED(reader.read_list("upstream_resolvers", config.upstream_resolvers, parse_resolver));
  GINNEL_CHECKED(reader.read("public_address", config.public_address, parse_public_address));
  GINNEL_CHECKED(reader.read("ipv6_pool", config.ipv6_pool, parse_ipv6_pool));
  GINNEL_CHECKED(reader.read("synthetic_range", config.synthetic_range, parse_synthetic_range));
  GINNEL_CHECKED(read_services(reader, file, config));
  GINNEL_TRY(config.webhooks, read_webhooks(reader, file));
  GINNEL_CHECKED(read_number(reader, "private_dns_verification_s", 1, 7 * 86400, config.private_dns_verification_s));
  GINNEL_CHECKED(read_number(reader, "rules_per_security_group", 1, 1000, config.rules_per_security_group));
  GINNEL_CHECKED(read_number(reader, "max_flows", 1024, kMostFlows, config.max_flows));
  GINNEL_CHECKED(read_number(reader, "max_flows_per_interface", 16, kMostFlows, config.max_flows_per_interface));
  GINNEL_CHECKED(read_table_size(reader, config));
  GINNEL_CHECKED(read_big_tcp(reader, config));
  GINNEL_CHECKED(reader.finish());
  return config;
}

// The parser recurses by nesting and reads a key's dots as nesting: both are bounded before it starts.
bool too_deep(std::string_view text) {
  int brackets = 0, dots = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    dots = c == '\n' ? 0 : dots + (c == '.' ? 1 : 0);
    if (brackets > kDeepest || dots > 20 * kDeepest) return true;
  }
  return false;
}

}  // namespace

Result<Config> parse(std::string_view text, std::string_view name, const Overrides& overrides) {
  const std::string file(name);
  if (text.size() > kLargestFile) return fail("read the configuration", file, "larger than 1 MiB");
  if (too_deep(text)) return fail("read the configuration", file, "nested too deeply");
  std::istringstream stream{std::string(text)};
  try {
    const toml::value document = toml::parse(stream, file);
    return read_config(document, file, overrides);
  } catch (const toml::exception& error) {
    std::string_view cause = error.what();
    cause = cause.substr(0, cause.find('\n'));
    if (cause.starts_with("[error] ")) cause.remove_prefix(8);
    return fail("read the configuration", place(file, error.location()), cause);
  } catch (const std::exception& error) {
    return fail("read the configuration", file, error.what());
  }
}

Result<Config> load(const std::filesystem::path& path, const Overrides& overrides) {
  constexpr std::string_view operation = "read the configuration";
  std::error_code ignored;  // what cannot be looked at cannot be opened either
  if (std::filesystem::is_directory(path, ignored)) return fail(operation, path.string(), "is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(operation, path.string());
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return fail(operation, path.string(), "cannot be read");
  return parse(text.str(), path.string(), overrides);
}

Result<Config> defaults(const Overrides& overrides) { return parse("", "(defaults)", overrides); }

}  // namespace ginnel::config
