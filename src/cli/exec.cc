// exec: becomes a command inside an instance, so that stdio, signals and the exit code are the command's own.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/unique_fd.h"
#include "cli/command.h"
#include "cli/instance.h"

extern char** environ;

namespace ginnel::cli {
namespace {

constexpr const char* kResolvConf = "/etc/resolv.conf";

Status enter_network(const Instance& instance) {
  const std::string path = "/run/netns/" + instance.netns;
  const UniqueFd netns(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns) return fail_errno("open the instance's namespace", path);
  if (::setns(netns.get(), CLONE_NEWNET) != 0) return fail_errno("enter the instance's namespace", path);
  return {};
}

// In a mount namespace of its own, /etc/resolv.conf names the VPC's resolver. The file is unlinked at once: the mount
// keeps it, and nothing is left when the command ends.
Status mount_resolver(const Instance& instance, const std::string& folder) {
  if (::unshare(CLONE_NEWNS) != 0) return fail_errno("make a mount namespace", "");
  if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return fail_errno("make private the mounts of", "/");
  std::string path = folder + "/resolv.XXXXXX";
  const UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return fail_errno("make", path);
  const std::string text = resolv_conf(instance);
  const bool written = ::fchmod(file.get(), 0644) == 0 &&
                       ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  Status status;
  if (!written)
    status = fail_errno("write", path);
  else if (::mount(path.c_str(), kResolvConf, nullptr, MS_BIND, nullptr) != 0)
    status = fail_errno("mount the instance's resolv.conf on", kResolvConf);
  ::unlink(path.c_str());
  return status;
}

Environment outer_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

// Returns only where the command cannot be run.
int become(const std::vector<std::string>& command, const Environment& environment) {
  std::vector<std::string> entries;
  entries.reserve(environment.size());
  for (const auto& [name, value] : environment) entries.push_back(fmt::format("{}={}", name, value));
  std::vector<char*> variables, arguments;
  for (std::string& entry : entries) variables.push_back(entry.data());
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  variables.push_back(nullptr);
  arguments.push_back(nullptr);
  ::execvpe(arguments[0], arguments.data(), variables.data());
  const Error error = fail_errno("run", command[0]).value();
  fmt::print(stderr, "ginnel: {}\n", error.text());
  return error.code == ENOENT ? kNotFound : kCannotRun;
}

Result<int> execute(const Context& context, const std::string& id) {
  if (id.empty() || id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return fail("", id, "not the id of an instance");
  GINNEL_TRY(const boost::json::value answer, context.client().get("/v1/instances/" + id));
  GINNEL_TRY(const Instance instance, Instance::from(answer));
  GINNEL_CHECKED(mount_resolver(instance, context.state_dir));
  GINNEL_CHECKED(enter_network(instance));
  return become(context.command, environment_in(instance, outer_environment()));
}

}  // namespace

void add_exec(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("exec", "Run a command in an instance: ginnel exec INSTANCE -- CMD…");
  auto id = std::make_shared<std::string>();
  command->add_option("instance", *id, "The instance's id, i-…")->required()->type_name("INSTANCE");
  command->footer("CMD sees the instance's network, resolver, region, CA and credentials; its exit code is passed on.");
  command->callback([&context, id] {
    if (context.command.empty()) throw CLI::RequiredError("exec: a command after --");
    context.finish(execute(context, *id));
  });
}

}  // namespace ginnel::cli
