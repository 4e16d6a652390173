// flows: the flows of the region, read from the maps of the packet program, so also while no daemon runs.
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/flow_text.h"
#include "daemon/state_dir.h"
#include "dataplane/flow_follower.h"
#include "dataplane/flow_gc.h"

namespace ginnel::cli {
namespace {

using dataplane::Flow;
using dataplane::RunningFlows;

constexpr const char* kFilterHelp = R"(FILTER: conditions NAME=VALUE, all of which must hold:
  vpc=vpc-…         an end is in that VPC (also its number)
  interface=eni-…   that interface is an end, or an endpoint's or a load balancer's in between
  endpoint=vpce-…   through that endpoint
  link=N            through the link of that number, as --json shows it
  address=CIDR      an address inside it, before or after translation
  port=N            likewise
  protocol=P        tcp, udp, icmp, icmpv6 or a number
  state=S           opening, established, closing, closed, reset; open: neither closed nor reset
  older=SECONDS     opened longer ago
  younger=SECONDS   opened not so long ago)";

struct Wanted {
  std::vector<std::string> filter;
  bool follow = false, all = false;
  double interval_s = 1;
};

// The flows of the region with the names and the filter that go with them.
class Session {
 public:
  explicit Session(const Context& context) : context_(context) {}

  Status open(const std::vector<std::string>& filter) {
    GINNEL_TRY(const auto conditions, dataplane::split_flow_conditions(filter));
    GINNEL_TRY(const auto state, daemon::StateDir::read(context_.state_dir));
    tag_ = state.tag;
    GINNEL_CHECKED(reopen());
    GINNEL_CHECKED(learn());
    names_.on_missing([this](NameBook&) { (void)learn(); });
    GINNEL_TRY(filter_, dataplane::parse_flow_filter(conditions, names_.lookup()));
    return {};
  }

  // The program may have been swapped, and its maps with it, since the last reading.
  Status reopen() {
    GINNEL_TRY(auto flows, RunningFlows::open(tag_));
    flows_.emplace(std::move(flows));
    names_.allow_more();
    return {};
  }

  Status read(uint32_t now_s, const std::function<Status(const Flow&)>& each) const {
    return flows_->read(filter_, now_s, each);
  }
  Result<size_t> cut() { return flows_->cut(filter_, dataplane::monotonic_seconds()); }
  NameBook& names() { return names_; }
  [[nodiscard]] bool filters() const { return !filter_.empty(); }
  [[nodiscard]] bool filters_by_age() const { return filter_.has_age(); }

 private:
  // No daemon is no error.
  Status learn() {
    GINNEL_TRY(const auto known, flows_->names());
    names_.learn(known);
    const auto answer = context_.client().get("/v1/names");
    return answer ? names_.learn(*answer) : Status();
  }

  const Context& context_;
  std::string tag_;
  std::optional<RunningFlows> flows_;
  NameBook names_;
  dataplane::FlowFilter filter_;
};

// Rows of a table, or lines of JSON.
class Printer {
 public:
  Printer(bool json, NameBook& names, bool events) : json_(json), names_(names), table_(header(events)) {}

  void print(const Flow& flow) {
    if (json_) {
      fmt::print("{}\n", boost::json::serialize(flow_object(flow, names_)));
    } else {
      table_.add(flow_row(flow, names_));
    }
  }
  void print(const dataplane::FlowEvent& event) {
    const std::string time = to_iso8601(SystemClock().now());
    const char* kind = event.kind == dataplane::FlowEventKind::opened ? "opened" : "ended";
    if (json_) {
      boost::json::object out{{"time", time}, {"event", kind}, {"why", event.why}};
      for (auto& [name, value] : flow_object(*event.flow, names_)) out[name] = value;
      fmt::print("{}\n", boost::json::serialize(out));
      return;
    }
    auto row = flow_row(*event.flow, names_);
    row.insert(row.begin(), {time, *event.why == 0 ? kind : fmt::format("{}: {}", kind, event.why)});
    table_.add(std::move(row));
  }
  // What is printed so far appears; an Error where nobody takes it.
  Status flush() {
    if (!json_) table_.flush();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail_errno("write", "the output");
    return {};
  }

 private:
  static Table::Row header(bool events) {
    auto out = flow_header();
    if (events) out.insert(out.begin(), {"TIME", "EVENT"});
    return out;
  }

  const bool json_;
  NameBook& names_;
  Table table_;
};

Status list(const Context& context, const Wanted& wanted) {
  Session session(context);
  GINNEL_CHECKED(session.open(wanted.filter));
  Printer printer(context.json, session.names(), false);
  GINNEL_CHECKED(session.read(dataplane::monotonic_seconds(), [&](const Flow& flow) -> Status {
    printer.print(flow);
    if (std::ferror(stdout) != 0) return fail_errno("write", "the output");
    return {};
  }));
  return printer.flush();
}

// Until it is interrupted. The filter is asked of flows as they are seen: one that no longer matches has ended.
Status follow(const Context& context, const Wanted& wanted) {
  Session session(context);
  GINNEL_CHECKED(session.open(wanted.filter));
  if (session.filters_by_age()) return fail("follow", "flows", "--follow goes without older and younger");
  Printer printer(context.json, session.names(), true);
  const auto tell = [&](const dataplane::FlowEvent& event) { printer.print(event); };
  const auto interval =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(wanted.interval_s));
  dataplane::FlowFollower follower;
  for (auto next = std::chrono::steady_clock::now();;) {
    const uint32_t now_s = dataplane::monotonic_seconds();
    follower.begin(now_s);
    GINNEL_CHECKED(session.read(now_s, [&](const Flow& flow) -> Status {
      follower.see(flow, tell);
      return {};
    }));
    follower.end(tell);
    GINNEL_CHECKED(printer.flush());
    next = std::max(next + interval, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
    GINNEL_CHECKED(session.reopen());
  }
}

Status cut(const Context& context, const Wanted& wanted) {
  Session session(context);
  GINNEL_CHECKED(session.open(wanted.filter));
  if (!session.filters() && !wanted.all)
    return fail("cut", "flows", "no condition says which; --all for every flow of the region");
  if (session.filters() && wanted.all) return fail("cut", "flows", "--all goes without conditions");
  GINNEL_TRY(const size_t count, session.cut());
  if (context.json) {
    print(context, boost::json::object{{"cut", count}});
  } else {
    fmt::print("{} {} cut\n", count, count == 1 ? "flow" : "flows");
  }
  return {};
}

}  // namespace

void add_flows(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "flows", "The flows of the region");
  command->fallthrough();
  command->require_subcommand(0, 1);
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--filter", wanted->filter, "Only flows for which the conditions hold; may be repeated")
      ->type_name("FILTER")
      ->allow_extra_args(false);
  CLI::Option* follow_flag = command->add_flag("--follow", wanted->follow, "Print flows as they open and end");
  command->add_option("--interval", wanted->interval_s, "Seconds between two readings of --follow")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.05, 3600.0))
      ->needs(follow_flag)
      ->capture_default_str();
  command->footer(std::string(kFilterHelp) +
                  "\n\n--follow reads all flows at each interval. It misses a flow that opens and is cut, or opens "
                  "anew on\nthe same ports, between two readings; every other is kept for 30 s or longer after its "
                  "last packet.");
  command->callback([&context, command, wanted] {
    if (!command->get_subcommands().empty()) return;
    context.finish(wanted->follow ? follow(context, *wanted) : list(context, *wanted));
  });

  CLI::App* ends = add_printing(*command, context, "cut", "End flows: both ends of a TCP connection are reset");
  auto chosen = std::make_shared<Wanted>();
  ends->add_option("filter", chosen->filter, "The conditions")->type_name("FILTER");
  ends->add_flag("--all", chosen->all, "Every flow of the region");
  ends->footer(std::string(kFilterHelp) + "\n\nNew flows are opened as before, where security groups allow them.");
  ends->callback([&context, chosen] { context.finish(cut(context, *chosen)); });
}

}  // namespace ginnel::cli
