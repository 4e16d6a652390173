// The data of the record types that Ginnel makes or reads, to and from Record::data (RFC 1035 section 3.3, RFC 2782,
// RFC 3596).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "dns/message.h"

namespace ginnel::dns {

struct Soa {
  Name primary, mailbox;
  uint32_t serial = 1, refresh_s = 7200, retry_s = 900, expire_s = 1209600, minimum_s = 60;
  friend bool operator==(const Soa&, const Soa&) = default;
};

struct Srv {
  uint16_t priority = 0, weight = 0, port = 0;
  Name target;
  friend bool operator==(const Srv&, const Srv&) = default;
};

// An A or AAAA record, by the family of the address.
[[nodiscard]] Record address_record(const Name& name, const IpAddress& address, uint32_t ttl_s);
// NS, CNAME, PTR and others that hold one name.
[[nodiscard]] Record name_record(const Name& name, uint16_t type, const Name& target, uint32_t ttl_s);
[[nodiscard]] Record soa_record(const Name& name, const Soa& soa, uint32_t ttl_s);
[[nodiscard]] Record srv_record(const Name& name, const Srv& srv, uint32_t ttl_s);
// Strings of at most 255 bytes each; longer ones are split.
[[nodiscard]] Record txt_record(const Name& name, const std::vector<std::string>& strings, uint32_t ttl_s);

// Nothing: the record is of another type, or its data is wrong.
[[nodiscard]] std::optional<IpAddress> address_of(const Record& record);
[[nodiscard]] std::optional<Name> target_of(const Record& record);  // NS, CNAME, PTR, DNAME
[[nodiscard]] std::optional<Soa> soa_of(const Record& record);
[[nodiscard]] std::optional<Srv> srv_of(const Record& record);
[[nodiscard]] std::optional<std::vector<std::string>> txt_of(const Record& record);

// Where names stand in the data of a type: `before` bytes, then `names` names, then `after` bytes.
struct DataLayout {
  uint8_t before, names, after;
  bool compressed;  // the names may be written with compression (RFC 3597 section 4)
};
// Nothing: the data has no names, or is not known.
[[nodiscard]] std::optional<DataLayout> layout_of(uint16_t type);

}  // namespace ginnel::dns
