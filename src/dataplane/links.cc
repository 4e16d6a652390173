#include "dataplane/links.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/unique_fd.h"

namespace ginnel::dataplane {
namespace {

// IFLA_GSO_IPV4_MAX_SIZE and IFLA_GRO_IPV4_MAX_SIZE (linux/if_link.h since 6.3).
constexpr uint16_t kGsoIpv4MaxSize = 63, kGroIpv4MaxSize = 64;
constexpr uint32_t kLegacySegment = 65536, kBigSegment = 192 * 1024;

uint8_t family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

IpAddress address_of(const nlattr* attribute) {
  IpAddress::Bytes bytes{};
  const auto* data = static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
  if (mnl_attr_get_payload_len(attribute) == 4) {
    bytes[10] = bytes[11] = 0xff;
    std::copy_n(data, 4, bytes.begin() + 12);
  } else {
    std::copy_n(data, std::min<size_t>(16, mnl_attr_get_payload_len(attribute)), bytes.begin());
  }
  return IpAddress(bytes);
}

LinkInfo link_of(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const auto found = attributes<kGroIpv4MaxSize + 1>(message, sizeof(ifinfomsg));
  LinkInfo out;
  out.index = static_cast<uint32_t>(header->ifi_index);
  out.up = (header->ifi_flags & IFF_UP) != 0;
  out.ethernet = header->ifi_type == ARPHRD_ETHER;
  if (found[IFLA_IFNAME]) out.name = mnl_attr_get_str(found[IFLA_IFNAME]);
  if (found[IFLA_IFALIAS]) out.alias = mnl_attr_get_str(found[IFLA_IFALIAS]);
  if (found[IFLA_MTU]) out.mtu = mnl_attr_get_u32(found[IFLA_MTU]);
  if (found[kGsoIpv4MaxSize]) out.gso_ipv4_max_size = mnl_attr_get_u32(found[kGsoIpv4MaxSize]);
  if (found[IFLA_MASTER]) out.master = mnl_attr_get_u32(found[IFLA_MASTER]);
  if (found[IFLA_LINK]) out.peer_index = mnl_attr_get_u32(found[IFLA_LINK]);
  if (found[IFLA_ADDRESS] && mnl_attr_get_payload_len(found[IFLA_ADDRESS]) == 6) {
    std::memcpy(out.mac.bytes.data(), mnl_attr_get_payload(found[IFLA_ADDRESS]), 6);
  }
  if (found[IFLA_LINKINFO]) {
    each_nested(found[IFLA_LINKINFO], [&](const nlattr* nested) {
      if (mnl_attr_get_type(nested) == IFLA_INFO_KIND) out.kind = mnl_attr_get_str(nested);
      if (mnl_attr_get_type(nested) != IFLA_INFO_DATA || out.kind != "tun") return;
      each_nested(nested, [&](const nlattr* detail) {
        if (mnl_attr_get_type(detail) == IFLA_TUN_OWNER) out.owner = mnl_attr_get_u32(detail);
      });
    });
  }
  return out;
}

// A change of one device, found by its name.
Status change_link(Netlink& netlink, const std::string& name, const std::string& what,
                   const std::function<void(ifinfomsg&, NetlinkMessage&)>& fill) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto& header = message.header<ifinfomsg>();
  message.put(IFLA_IFNAME, name);
  fill(header, message);
  return netlink.execute(message, what, name);
}

Status ignoring(Status status, std::initializer_list<int> codes) {
  if (!status && std::find(codes.begin(), codes.end(), status.error().code) != codes.end()) return {};
  return status;
}

}  // namespace

Result<std::vector<LinkInfo>> list_links(Netlink& netlink) {
  std::vector<LinkInfo> out;
  NetlinkMessage message(RTM_GETLINK, 0);
  message.header<ifinfomsg>();
  GINNEL_CHECKED(netlink.dump(
      message, "list links", [&](const nlmsghdr* answer) { out.push_back(link_of(answer)); }, [&] { out.clear(); }));
  return out;
}

Result<std::optional<LinkInfo>> find_link(Netlink& netlink, const std::string& name) {
  std::optional<LinkInfo> out;
  NetlinkMessage message(RTM_GETLINK, 0);
  message.header<ifinfomsg>();
  message.put(IFLA_IFNAME, name);
  auto status = netlink.get(message, "look up link", name, [&](const nlmsghdr* answer) { out = link_of(answer); });
  GINNEL_CHECKED(ignoring(std::move(status), {ENODEV}));
  return out;
}

Status create_veth(Netlink& netlink, const VethSpec& spec) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.header<ifinfomsg>();
  message.put(IFLA_IFNAME, spec.name);
  if (spec.mtu != 0) message.put_u32(IFLA_MTU, spec.mtu);
  nlattr* info = message.begin(IFLA_LINKINFO);
  message.put(IFLA_INFO_KIND, std::string_view("veth"));
  nlattr* data = message.begin(IFLA_INFO_DATA);
  nlattr* peer = message.begin(VETH_INFO_PEER);
  message.put_raw(sizeof(ifinfomsg));
  message.put(IFLA_IFNAME, spec.peer_name);
  if (spec.peer_mtu != 0) message.put_u32(IFLA_MTU, spec.peer_mtu);
  if (spec.peer_mac) message.put(IFLA_ADDRESS, std::span<const uint8_t>(spec.peer_mac->bytes));
  if (spec.peer_netns >= 0) message.put_u32(IFLA_NET_NS_FD, static_cast<uint32_t>(spec.peer_netns));
  message.end(peer);
  message.end(data);
  message.end(info);
  return netlink.execute(message, "create veth pair", spec.name + "/" + spec.peer_name);
}

Status delete_link(Netlink& netlink, const std::string& name) {
  NetlinkMessage message(RTM_DELLINK, 0);
  message.header<ifinfomsg>();
  message.put(IFLA_IFNAME, name);
  return ignoring(netlink.execute(message, "delete link", name), {ENODEV});
}

Status set_alias(Netlink& netlink, const std::string& name, const std::string& alias) {
  return change_link(netlink, name, "set alias of link",
                     [&](ifinfomsg&, NetlinkMessage& message) { message.put(IFLA_IFALIAS, alias); });
}

Status set_up(Netlink& netlink, const std::string& name) {
  return change_link(netlink, name, "set link up", [](ifinfomsg& header, NetlinkMessage&) {
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
  });
}

Status set_mtu(Netlink& netlink, const std::string& name, uint32_t mtu) {
  return change_link(netlink, name, "set MTU of link",
                     [&](ifinfomsg&, NetlinkMessage& message) { message.put_u32(IFLA_MTU, mtu); });
}

Status set_big_tcp(Netlink& netlink, const std::string& name, bool on) {
  const uint32_t size = on ? kBigSegment : kLegacySegment;
  return change_link(netlink, name, "set segment size of link", [&](ifinfomsg&, NetlinkMessage& message) {
    message.put_u32(kGsoIpv4MaxSize, size);
    message.put_u32(kGroIpv4MaxSize, size);
  });
}

bool has_big_tcp(const LinkInfo& link) { return link.gso_ipv4_max_size.value_or(0) > kLegacySegment; }

Status set_mac(Netlink& netlink, const std::string& name, const MacAddress& mac) {
  return change_link(netlink, name, "set MAC of link", [&](ifinfomsg&, NetlinkMessage& message) {
    message.put(IFLA_ADDRESS, std::span<const uint8_t>(mac.bytes));
  });
}

Status add_address(Netlink& netlink, uint32_t index, const IpAddress& address, unsigned length) {
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  auto& header = message.header<ifaddrmsg>();
  header.ifa_family = family_of(address);
  header.ifa_prefixlen = static_cast<uint8_t>(length);
  header.ifa_index = index;
  if (!address.is_v4()) header.ifa_flags = IFA_F_NODAD;
  message.put(IFA_LOCAL, address).put(IFA_ADDRESS, address);
  return netlink.execute(message, "add address", address.to_string());
}

Result<std::vector<InterfaceAddress>> list_addresses(Netlink& netlink) {
  std::vector<InterfaceAddress> out;
  NetlinkMessage message(RTM_GETADDR, 0);
  message.header<ifaddrmsg>();
  const auto each = [&](const nlmsghdr* answer) {
    const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(answer));
    const auto found = attributes<IFA_MAX + 1>(answer, sizeof(ifaddrmsg));
    const nlattr* address = found[IFA_LOCAL] ? found[IFA_LOCAL] : found[IFA_ADDRESS];
    if (address) out.push_back({header->ifa_index, address_of(address), header->ifa_prefixlen});
  };
  GINNEL_CHECKED(netlink.dump(message, "list addresses", each, [&] { out.clear(); }));
  return out;
}

Status add_route(Netlink& netlink, const Cidr& destination, uint32_t index, std::optional<IpAddress> gateway,
                 std::optional<IpAddress> source) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto& header = message.header<rtmsg>();
  header.rtm_family = destination.is_v4() ? AF_INET : AF_INET6;
  header.rtm_dst_len = static_cast<uint8_t>(destination.length());
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  if (gateway) header.rtm_flags = RTNH_F_ONLINK;
  if (destination.length() != 0) message.put(RTA_DST, destination.base());
  message.put_u32(RTA_OIF, index);
  if (gateway) message.put(RTA_GATEWAY, *gateway);
  if (source) message.put(RTA_PREFSRC, *source);
  return netlink.execute(message, "add route", destination.to_string());
}

Result<std::vector<RouteInfo>> list_routes(Netlink& netlink, Family family) {
  std::vector<RouteInfo> out;
  NetlinkMessage message(RTM_GETROUTE, 0);
  const bool v4 = family == Family::v4;
  message.header<rtmsg>().rtm_family = v4 ? AF_INET : AF_INET6;
  const IpAddress any = v4 ? IpAddress::from_v4(0) : IpAddress();
  const auto each = [&](const nlmsghdr* answer) {
    const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(answer));
    if (header->rtm_table != RT_TABLE_MAIN) return;
    const auto found = attributes<RTA_MAX + 1>(answer, sizeof(rtmsg));
    RouteInfo route;
    route.destination = Cidr(found[RTA_DST] ? address_of(found[RTA_DST]) : any, header->rtm_dst_len);
    if (found[RTA_GATEWAY]) route.gateway = address_of(found[RTA_GATEWAY]);
    if (found[RTA_OIF]) route.index = mnl_attr_get_u32(found[RTA_OIF]);
    out.push_back(route);
  };
  GINNEL_CHECKED(netlink.dump(message, "list routes", each, [&] { out.clear(); }));
  return out;
}

Status create_tap(const std::string& name, uint32_t owner) {
  if (name.size() >= IFNAMSIZ) return fail_errno("create tap", name, ENAMETOOLONG);
  const UniqueFd file(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!file) return fail_errno("open", "/dev/net/tun");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL);
  if (ioctl(file.get(), TUNSETIFF, &request) != 0) return fail_errno("create tap", name);
  if (ioctl(file.get(), TUNSETOWNER, static_cast<unsigned long>(owner)) != 0)
    return fail_errno("set owner of tap", name);
  if (ioctl(file.get(), TUNSETPERSIST, 1UL) != 0) return fail_errno("keep tap", name);
  return {};
}

Status add_neighbour(Netlink& netlink, uint32_t index, const IpAddress& address, const MacAddress& mac) {
  NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  auto& header = message.header<ndmsg>();
  header.ndm_family = family_of(address);
  header.ndm_ifindex = static_cast<int>(index);
  header.ndm_state = NUD_PERMANENT;
  message.put(NDA_DST, address).put(NDA_LLADDR, std::span<const uint8_t>(mac.bytes));
  return netlink.execute(message, "add neighbour", address.to_string());
}

}  // namespace ginnel::dataplane
