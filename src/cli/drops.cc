// drops: packets that were dropped, by reason; of the whole host, or by interface or link.
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/name_book.h"
#include "cli/table.h"
#include "daemon/state_dir.h"
#include "dataplane/counts.h"
#include "dataplane/drop_meaning.h"
#include "dataplane/running_tables.h"

namespace ginnel::cli {
namespace {

using DropsByName = std::map<std::string, dataplane::DropsByReason>;

Table::Row row_of(const std::string& reason, uint64_t packets) {
  return {reason, std::to_string(packets), std::string(dataplane::drop_meaning(reason))};
}

Status show_all(const Context& context) {
  GINNEL_TRY(const boost::json::value answer, context.client().get("/v1/drops"));
  if (const auto said = text_member(answer, "error")) return fail("", "", *said);
  const auto* drops = answer.if_object();
  if (context.json || drops == nullptr) {
    print(context, answer);
    return {};
  }
  Table table({"REASON", "PACKETS", "MEANING"});
  for (const auto& [reason, packets] : *drops) {
    boost::json::error_code error;
    const auto count = packets.to_number<uint64_t>(error);
    if (error) return fail("ask the daemon", "", "its answer has no number of packets");
    table.add(row_of(reason, count));
  }
  table.flush();
  return {};
}

DropsByName by_link(const Context& context, const dataplane::Counts& counts) {
  NameBook names;
  names.on_missing([&](NameBook& book) {
    if (const auto answer = context.client().get("/v1/names")) (void)book.learn(*answer);
  });
  DropsByName out;
  for (const auto& [key, link] : counts.links) {
    for (const auto& [reason, packets] : link.drops) out[names.link(key.link)][reason] += packets;
  }
  return out;
}

DropsByName by_interface(const dataplane::Counts& counts) {
  DropsByName out;
  for (const auto& [id, port] : counts.ports) {
    if (!port.drops.empty()) out[id] = port.drops;
  }
  return out;
}

// By the packet program's own counters, so also while no daemon runs.
Status show_by(const Context& context, const std::string& what) {
  GINNEL_TRY(const auto state, daemon::StateDir::read(context.state_dir));
  GINNEL_TRY(const auto tables, dataplane::running_tables(state.tag));
  dataplane::CountReader reader;
  GINNEL_TRY(const auto counts, reader.read(tables));
  const DropsByName drops = what == "link" ? by_link(context, counts) : by_interface(counts);
  if (context.json) {
    boost::json::object out;
    for (const auto& [name, reasons] : drops) {
      boost::json::object one;
      for (const auto& [reason, packets] : reasons) one[reason] = packets;
      out[name] = std::move(one);
    }
    print(context, out);
    return {};
  }
  Table table({what == "link" ? "LINK" : "INTERFACE", "REASON", "PACKETS", "MEANING"});
  for (const auto& [name, reasons] : drops) {
    for (const auto& [reason, packets] : reasons) {
      auto row = row_of(reason, packets);
      row.insert(row.begin(), name);
      table.add(std::move(row));
    }
  }
  table.flush();
  return {};
}

}  // namespace

void add_drops(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "drops", "Packets dropped, by reason");
  auto what = std::make_shared<std::string>();
  command->add_option("--by", *what, "Whose packets they were: interface (that sent them), or link")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"interface", "link"}));
  command->callback([&context, what] { context.finish(what->empty() ? show_all(context) : show_by(context, *what)); });
}

}  // namespace ginnel::cli
