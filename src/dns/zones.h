// The names that Ginnel answers itself, as an immutable value whose copies share structure.
//
// A zone is a name (its origin) and all that is under it. Every name has a zone of its own, as AWS makes a private
// hosted zone for each private name: what is under it and not told does not exist. "*.x" is in the zone x. Names under
// a zone that is declared to take its own (the endpoints' zone) join it instead.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "base/persistent_map.h"
#include "base/result.h"
#include "dns/name.h"
#include "planner/plan.h"

namespace ginnel::dns {

struct Addresses {
  std::vector<IpAddress> addresses;
  uint32_t ttl_s = 60;
};

struct Found {
  enum class What {
    elsewhere,  // in no zone here
    addresses,  // the name is there; an address of the asked family may still be missing
    empty,      // it is there only as the origin of a zone or because names are under it
    missing,    // in a zone here, and does not exist
  };
  What what = What::elsewhere;
  const Addresses* addresses = nullptr;  // valid while any Zones that holds it lives
  Name origin;                           // of the zone
};

class Zones {
 public:
  // A zone that names under it join.
  [[nodiscard]] Result<Zones> with_shared_zone(const std::string& origin) const;
  // A name that is there already is replaced.
  [[nodiscard]] Result<Zones> with(const plan::Name& name) const;
  // Takes a name away that with() added; its zone goes with its last name.
  [[nodiscard]] Result<Zones> without(const plan::Name& name) const;

  // Wildcards as in RFC 4592: "*.x" stands for what is under x, unless a nearer name exists.
  [[nodiscard]] Found find(const Name& name, const TreeKey& key) const;
  [[nodiscard]] bool empty() const { return origins_.empty(); }

 private:
  struct Origin {
    uint32_t names = 0;   // that made it
    bool shared = false;  // stays without names
  };

  [[nodiscard]] bool has_shared_origin(const TreeKey& key) const;
  [[nodiscard]] bool has_under(std::string_view key) const;
  [[nodiscard]] const Addresses* wildcard_for(const TreeKey& key, size_t origin_depth) const;
  void count_origin(const Name& name, int by);

  PersistentMap<std::string, Origin> origins_;   // by the bytes of their TreeKey
  PersistentMap<std::string, Addresses> names_;  // likewise
};

}  // namespace ginnel::dns
