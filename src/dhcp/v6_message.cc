#include "dhcp/v6_message.h"

#include <algorithm>

#include "dhcp/bytes.h"

namespace ginnel::dhcp {
namespace {

constexpr size_t kHeader = 4, kOptionHeader = 4, kIaHeader = 12, kAddressHeader = 24;

tl::unexpected<Error> broken(std::string_view cause) { return fail("read", "DHCPv6 message", cause); }

}  // namespace

const Bytes* V6Message::find(uint16_t code) const {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const V6Option& option) { return option.code == code; });
  return found == options.end() ? nullptr : &found->value;
}

Result<std::vector<V6Option>> decode_options(View bytes) {
  std::vector<V6Option> out;
  while (!bytes.empty()) {
    if (bytes.size() < kOptionHeader) return broken("an option is cut short");
    const size_t length = get16(bytes, 2);
    if (length > bytes.size() - kOptionHeader) return broken("an option is cut short");
    const View value = bytes.subspan(kOptionHeader, length);
    out.push_back({get16(bytes, 0), {value.begin(), value.end()}});
    bytes = bytes.subspan(kOptionHeader + length);
  }
  return out;
}

Bytes encode_options(const std::vector<V6Option>& options) {
  Bytes out;
  for (const auto& option : options) {
    put16(out, option.code);
    put16(out, static_cast<uint16_t>(option.value.size()));
    append(out, option.value);
  }
  return out;
}

Result<V6Message> decode_v6(View bytes) {
  if (bytes.size() < kHeader) return broken("it is too short");
  V6Message out;
  out.type = static_cast<V6Type>(bytes[0]);
  if (out.type < V6Type::solicit || out.type > V6Type::information) return broken("its type is unknown, or a relay's");
  out.transaction = get32(bytes, 0) & 0xffffff;
  GINNEL_TRY(out.options, decode_options(bytes.subspan(kHeader)));
  return out;
}

Bytes encode_v6(const V6Message& message) {
  Bytes out;
  put32(out, static_cast<uint32_t>(message.type) << 24 | (message.transaction & 0xffffff));
  append(out, encode_options(message.options));
  return out;
}

Result<std::vector<Association>> associations_of(const V6Message& message) {
  std::vector<Association> out;
  for (const auto& option : message.options) {
    if (option.code != option6::kIaNa) continue;
    if (option.value.size() < kIaHeader) return broken("an association is cut short");
    Association& association = out.emplace_back();
    association.id = get32(option.value, 0);
    GINNEL_TRY(const auto inner, decode_options(View(option.value).subspan(kIaHeader)));
    for (const auto& each : inner) {
      if (each.code != option6::kIaAddress) continue;
      if (each.value.size() < kAddressHeader) return broken("an address is cut short");
      IpAddress::Bytes address{};
      std::copy_n(each.value.begin(), address.size(), address.begin());
      association.addresses.emplace_back(address);
    }
  }
  return out;
}

}  // namespace ginnel::dhcp
