#include "cli/name_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>
#include <charconv>

#include "cli/client.h"

namespace ginnel::cli {
namespace {

Result<uint32_t> number_member(const boost::json::value& object, std::string_view name) {
  const auto* members = object.if_object();
  const auto* member = members == nullptr ? nullptr : members->if_contains({name.data(), name.size()});
  boost::json::error_code error;
  const auto number = member == nullptr ? 0 : member->to_number<uint32_t>(error);
  if (member == nullptr || error) return fail("ask the daemon", "", fmt::format("its answer has no number '{}'", name));
  return number;
}

Result<const boost::json::array*> list_member(const boost::json::value& object, std::string_view name) {
  const auto* members = object.if_object();
  const auto* member = members == nullptr ? nullptr : members->if_contains({name.data(), name.size()});
  const auto* list = member == nullptr ? nullptr : member->if_array();
  if (list == nullptr) return fail("ask the daemon", "", fmt::format("its answer has no list '{}'", name));
  return list;
}

Status learn_numbers(const boost::json::value& answer, std::string_view list, std::map<uint32_t, std::string>& out) {
  GINNEL_TRY(const auto* entries, list_member(answer, list));
  for (const auto& entry : *entries) {
    GINNEL_TRY(const uint32_t number, number_member(entry, "number"));
    GINNEL_TRY(out[number], text_member(entry, "name"));
  }
  return {};
}

}  // namespace

Status NameBook::learn(const boost::json::value& answer) {
  GINNEL_CHECKED(learn_numbers(answer, "vpcs", vpcs_));
  GINNEL_CHECKED(learn_numbers(answer, "links", links_));
  GINNEL_TRY(const auto* interfaces, list_member(answer, "interfaces"));
  for (const auto& entry : *interfaces) {
    GINNEL_TRY(const std::string name, text_member(entry, "name"));
    dataplane::FlowInterface interface;
    GINNEL_TRY(interface.vpc, number_member(entry, "vpc"));
    GINNEL_TRY(const auto* addresses, list_member(entry, "addresses"));
    for (const auto& address : *addresses) {
      if (!address.is_string()) continue;
      GINNEL_TRY(const auto parsed, IpAddress::parse(std::string_view(address.get_string())));
      interface.addresses.push_back(parsed);
    }
    learn_interface(name, std::move(interface));
  }
  has_daemon_ = true;
  return {};
}

void NameBook::learn(const dataplane::KernelNames& names) {
  for (const auto& [number, id] : names.endpoints) links_.emplace(number, id);
  for (const auto& [name, interface] : names.interfaces) learn_interface(name, interface);
}

void NameBook::learn_interface(const std::string& name, dataplane::FlowInterface interface) {
  auto& known = interfaces_[name];
  known.vpc = interface.vpc;
  for (const auto& address : interface.addresses) {
    addresses_[{interface.vpc, address}] = name;
    if (std::find(known.addresses.begin(), known.addresses.end(), address) == known.addresses.end())
      known.addresses.push_back(address);
  }
}

template <typename Table, typename Key>
std::string NameBook::find(const Table& table, const Key& key) {
  auto found = table.find(key);
  if (found == table.end() && may_ask_ && more_) {
    may_ask_ = false;
    more_(*this);
    found = table.find(key);
  }
  return found == table.end() ? "" : found->second;
}

std::string NameBook::vpc(plan::VpcNumber number) {
  if (number == plan::kSystemVpc) return "system";
  const std::string name = find(vpcs_, number);
  return name.empty() ? std::to_string(number) : name;
}

std::string NameBook::link(plan::LinkNumber number) {
  if (number == 0) return "";
  const std::string name = find(links_, number);
  return name.empty() ? std::to_string(number) : name;
}

std::string NameBook::interface(plan::VpcNumber vpc, const IpAddress& address) {
  return vpc == plan::kSystemVpc ? "" : find(addresses_, std::pair(vpc, address));
}

tl::unexpected<Error> NameBook::unknown(const char* what) const {
  if (has_daemon_) return fail("", "", fmt::format("there is no such {}", what));
  return fail("", "", fmt::format("no daemon answers, and the packet program knows no such {}", what));
}

dataplane::FlowNames NameBook::lookup() const {
  dataplane::FlowNames out;
  out.vpc = [this](const std::string& id) -> Result<plan::VpcNumber> {
    for (const auto& [number, name] : vpcs_) {
      if (name == id) return number;
    }
    plan::VpcNumber number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error == std::errc() && end == id.data() + id.size()) return number;
    return unknown("VPC");
  };
  out.endpoint = [this](const std::string& id) -> Result<plan::LinkNumber> {
    for (const auto& [number, name] : links_) {
      if (name == id) return number;
    }
    return unknown("endpoint");
  };
  out.interface = [this](const std::string& id) -> Result<dataplane::FlowInterface> {
    const auto found = interfaces_.find(id);
    if (found == interfaces_.end()) return unknown("interface");
    return found->second;
  };
  return out;
}

}  // namespace ginnel::cli
