// What the sub-commands share. Each add_… function declares one sub-command, its options and what it does; the
// arguments are read into Context before the chosen command runs.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/app.h"
#include "cli/client.h"

namespace ginnel::cli {

// Lives as long as the CLI::App whose options write into it.
struct Context {
  std::string state_dir = "/var/lib/ginnel";
  bool json = false;                 // print JSON in place of words
  std::vector<std::string> command;  // what stood after "--"
  int exit_code = kSuccess;          // of the command that ran

  [[nodiscard]] Client client() const { return Client(state_dir + "/control.sock"); }
  // Sets the exit code; an error is said on stderr.
  void finish(Status status);
  void finish(Result<int> status);
};

void add_serve(CLI::App& app, Context& context);
void add_relay(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_drops(CLI::App& app, Context& context);
void add_flows(CLI::App& app, Context& context);
void add_top(CLI::App& app, Context& context);
void add_env(CLI::App& app, Context& context);
void add_account(CLI::App& app, Context& context);
void add_exec(CLI::App& app, Context& context);
void add_attach(CLI::App& app, Context& context);
void add_detach(CLI::App& app, Context& context);
void add_ports(CLI::App& app, Context& context);
void add_ca(CLI::App& app, Context& context);
void add_teardown(CLI::App& app, Context& context);

// A sub-command that prints data: it takes --json.
CLI::App* add_printing(CLI::App& app, Context& context, const char* name, const char* description);
// Prints what the daemon answered, in words or as JSON.
void print(const Context& context, const boost::json::value& answer);

}  // namespace ginnel::cli
