// top: the busiest interfaces and links, by the packet program's own counters, so also while no daemon runs.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/name_book.h"
#include "cli/rates.h"
#include "cli/table.h"
#include "daemon/state_dir.h"
#include "dataplane/running_tables.h"

namespace ginnel::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kClearScreen = "\033[H\033[2J";

struct TopOptions {
  double interval_s = 2;
  size_t rows = 20;
  bool once = false;
};

// As many of each kind as fit on the terminal, with two headers, a line between them and one for the time.
size_t rows_that_fit(size_t wanted) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 8) return wanted;
  return std::min<size_t>(wanted, (size.ws_row - 5U) / 2U);
}

Table::Row row_of(const Rate& rate, const std::string& name) {
  return {name,
          short_number(rate.sent_bytes),
          short_number(rate.received_bytes),
          short_number(rate.packets),
          short_number(rate.new_flows),
          std::to_string(rate.active),
          short_number(rate.dropped),
          rate.reason.empty() ? "-" : rate.reason};
}

boost::json::object object_of(const Rate& rate, const std::string& name) {
  return {{"name", name},
          {"sent_bytes_per_s", rate.sent_bytes},
          {"received_bytes_per_s", rate.received_bytes},
          {"packets_per_s", rate.packets},
          {"new_flows_per_s", rate.new_flows},
          {"active_flows", rate.active},
          {"dropped_per_s", rate.dropped},
          {"top_reason", rate.reason.empty() ? boost::json::value() : boost::json::value(rate.reason)}};
}

class Top {
 public:
  Top(const Context& context, const TopOptions& options) : context_(context), options_(options) {}

  // Until it is interrupted, or once.
  Status run() {
    GINNEL_TRY(const auto state, daemon::StateDir::read(context_.state_dir));
    tag_ = state.tag;
    names_.on_missing([this](NameBook& book) {
      if (const auto answer = context_.client().get("/v1/names")) (void)book.learn(*answer);
    });
    GINNEL_CHECKED(read(before_));
    do {
      const auto pause =
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.interval_s));
      std::this_thread::sleep_until(before_.at + pause);
      Reading after;
      GINNEL_CHECKED(read(after));
      const double elapsed_s = std::chrono::duration<double>(after.at - before_.at).count();
      GINNEL_CHECKED(show(rates_between(before_.counts, after.counts, elapsed_s)));
      before_ = std::move(after);
    } while (!options_.once);
    return {};
  }

 private:
  struct Reading {
    dataplane::Counts counts;
    Clock::time_point at;
  };

  // The tables are found anew each time: the program may have been swapped, and its maps with it.
  Status read(Reading& out) {
    GINNEL_TRY(const auto tables, dataplane::running_tables(tag_));
    GINNEL_TRY(out.counts, reader_.read(tables));
    out.at = Clock::now();
    names_.allow_more();
    return {};
  }

  Status show(const Rates& rates) {
    if (context_.json) {
      fmt::print("{}\n", boost::json::serialize(boost::json::object{{"time", to_iso8601(SystemClock().now())},
                                                                    {"interfaces", objects(rates.interfaces)},
                                                                    {"links", objects(rates.links)}}));
    } else {
      if (::isatty(STDOUT_FILENO) == 1 && !options_.once) fmt::print("{}", kClearScreen);
      fmt::print("{}  per second, over {:g} s\n", to_iso8601(SystemClock().now()), options_.interval_s);
      print_table("INTERFACE", rates.interfaces);
      fmt::print("\n");
      print_table("LINK", rates.links);
      if (!options_.once) fmt::print("\n");
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return fail_errno("write", "the output");
    return {};
  }

  void print_table(const char* what, const std::vector<Rate>& rates) {
    Table table({what, "SENT B", "RECEIVED B", "PACKETS", "NEW FLOWS", "ACTIVE", "DROPPED", "MOSTLY AS"});
    const size_t rows = rows_that_fit(options_.rows);
    for (size_t i = 0; i < std::min(rows, rates.size()); ++i) table.add(row_of(rates[i], name_of(rates[i])));
    table.flush();
  }

  boost::json::array objects(const std::vector<Rate>& rates) {
    boost::json::array out;
    for (size_t i = 0; i < std::min(options_.rows, rates.size()); ++i)
      out.push_back(object_of(rates[i], name_of(rates[i])));
    return out;
  }

  std::string name_of(const Rate& rate) { return rate.link == 0 ? rate.name : names_.link(rate.link); }

  const Context& context_;
  const TopOptions& options_;
  std::string tag_;
  NameBook names_;
  dataplane::CountReader reader_;
  Reading before_;
};

}  // namespace

void add_top(CLI::App& app, Context& context) {
  CLI::App* command = add_printing(app, context, "top", "The busiest interfaces and links");
  auto options = std::make_shared<TopOptions>();
  command->add_option("--interval", options->interval_s, "Seconds that the rates are over, and between two prints")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  command->add_option("--rows", options->rows, "Of each kind, at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_flag("--once", options->once, "Print once and end");
  command->footer("On a terminal the picture is renewed in place; elsewhere one follows the other.");
  command->callback([&context, options] { context.finish(Top(context, *options).run()); });
}

}  // namespace ginnel::cli
