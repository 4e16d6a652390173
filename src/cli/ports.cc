// attach, detach, ports: what carries network interfaces on this host.
#include <filesystem>
#include <memory>

#include "cli/command.h"

namespace ginnel::cli {
namespace {

struct Wanted {
  std::string interface, netns, tap, device, ifname;
  uint32_t owner = 0;
};

// The daemon does not know the caller's directory; a bare name is one of `ip netns`.
std::string whole_path(const std::string& netns) {
  return netns.find('/') == std::string::npos ? netns : std::filesystem::absolute(netns).lexically_normal().string();
}

Status attach(const Context& context, const Wanted& wanted) {
  boost::json::object body{{"interface", wanted.interface}};
  if (!wanted.netns.empty()) body["netns"] = whole_path(wanted.netns);
  if (!wanted.tap.empty()) body["tap"] = wanted.tap;
  if (!wanted.device.empty()) body["device"] = wanted.device;
  if (!wanted.ifname.empty()) body["ifname"] = wanted.ifname;
  if (wanted.owner != 0) body["owner"] = wanted.owner;
  GINNEL_TRY(const boost::json::value answer, context.client().post("/v1/attach", body));
  print(context, answer);
  return {};
}

Status detach(const Context& context, const std::string& interface) {
  GINNEL_CHECKED(context.client().post("/v1/detach", {{"interface", interface}}));
  return {};
}

Status list(const Context& context) {
  GINNEL_TRY(const boost::json::value answer, context.client().get("/v1/ports"));
  print(context, answer);
  return {};
}

}  // namespace

void add_attach(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "attach", "Give a network interface a place on this host");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("interface", wanted->interface, "The network interface, eni-…")->required()->type_name("ENI");
  CLI::Option_group* place = command->add_option_group("place");
  CLI::Option* netns = place->add_option("--netns", wanted->netns, "A network namespace, by its name or path");
  CLI::Option* tap = place->add_option("--tap", wanted->tap, "A new tap device of this name, for a virtual machine");
  place->add_option("--device", wanted->device, "An Ethernet device that is here already; it is not changed");
  for (CLI::Option* option : place->get_options()) option->type_name("NAME");
  place->require_option(1);
  command->add_option("--ifname", wanted->ifname, "The device's name in the namespace")
      ->type_name("NAME")
      ->default_str("eth0")
      ->needs(netns);
  command->add_option("--owner", wanted->owner, "The user who may open the tap")->type_name("UID")->needs(tap);
  command->footer("A tap and a device get their address by DHCP. It lasts until ginnel detach, also over restarts.");
  command->callback([&context, wanted] { context.finish(attach(context, *wanted)); });
}

void add_detach(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("detach", "Take a network interface off this host");
  auto interface = std::make_shared<std::string>();
  command->add_option("interface", *interface, "The network interface, eni-…")->required()->type_name("ENI");
  command->callback([&context, interface] { context.finish(detach(context, *interface)); });
}

void add_ports(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "ports", "Network interfaces that are attached to this host");
  command->callback([&context] { context.finish(list(context)); });
}

}  // namespace ginnel::cli
