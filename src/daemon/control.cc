#include "daemon/control.h"

#include <memory>

#include "base/ip.h"
#include "daemon/accounts.h"
#include "daemon/names.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

http::Response answer(unsigned status, const json::value& value) {
  return {status, {{"Content-Type", "application/json"}}, json::serialize(value) + "\n"};
}

http::Response refuse(unsigned status, std::string_view text) { return answer(status, json::object{{"error", text}}); }

http::Response answer(const Result<json::object>& result, unsigned status_of_error = 404) {
  return result ? answer(200, *result) : refuse(status_of_error, result.error().text());
}

// The members of the body are strings, and only these three.
Result<AccountRequest> read_account_request(const std::string& body) {
  AccountRequest request;
  if (body.empty()) return request;
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error || !value.is_object()) return fail("read", "account request", "it is not a JSON object");
  for (const auto& [name, member] : value.get_object()) {
    std::string* out = name == "account_id"          ? &request.account_id
                       : name == "access_key_id"     ? &request.access_key_id
                       : name == "secret_access_key" ? &request.secret_access_key
                                                     : nullptr;
    if (!out) return fail("read", "account request", "unknown member '" + std::string(name) + "'");
    if (member.is_null()) continue;
    if (!member.is_string()) return fail("read", "account request", std::string(name) + " is not a string");
    *out = json::value_to<std::string>(member);
  }
  return request;
}

}  // namespace

Control::Control(const model::Region& region, ControlFacts facts, Committer& committer, const Clock& clock,
                 RandomSource& random, ControlHooks hooks, PortControl& ports)
    : region_(region),
      facts_(std::move(facts)),
      committer_(committer),
      clock_(clock),
      random_(random),
      hooks_(std::move(hooks)),
      ports_(ports) {}

void Control::handle(const http::Request& request, http::Responder responder) {
  const auto& target = request.target;
  if (request.method == "GET") {
    responder.send(get(target));
  } else if (request.method == "POST" && target == "/v1/accounts") {
    create_account(request.body, std::move(responder));
  } else if (request.method == "POST" && target == "/v1/attach") {
    ports_.attach(request.body, std::move(responder));
  } else if (request.method == "POST" && target == "/v1/attach/look") {
    ports_.look(request.body, std::move(responder));
  } else if (request.method == "POST" && target == "/v1/detach") {
    ports_.detach(request.body, std::move(responder));
  } else if (request.method == "POST" && target == "/v1/teardown") {
    responder.send(answer(200, json::object{}));
    hooks_.teardown();
  } else {
    responder.send(refuse(405, request.method + " " + target + " is not known"));
  }
}

http::Response Control::get(const std::string& path) const {
  constexpr std::string_view kInstances = "/v1/instances/";
  if (path == "/v1/status") return answer(200, status());
  if (path == "/v1/env") return answer(env());
  if (path == "/v1/accounts") return answer(200, accounts());
  if (path == "/v1/ca") {
    return answer(200, json::object{{"path", facts_.ca_path}, {"certificate", facts_.ca_certificate}});
  }
  if (path == "/v1/ports") return answer(200, ports_.list());
  if (path == "/v1/drops") return answer(200, hooks_.drops());
  if (path == "/v1/names") return answer(200, names_of(*committer_.snapshot()));
  if (path.starts_with(kInstances)) return answer(instance(path.substr(kInstances.size())));
  return refuse(404, path + " is not known");
}

void Control::create_account(const std::string& body, http::Responder responder) {
  auto request = read_account_request(body);
  if (!request) {
    responder.send(refuse(400, request.error().text()));
    return;
  }
  const auto shared = std::make_shared<http::Responder>(std::move(responder));
  committer_.submit([this, shared, request = *request](const model::Snapshot& snapshot) {
    auto account = make_account(snapshot, request, random_, clock_.now());
    Decision decision;
    if (account) decision.change.put(*account);
    decision.done = [shared, account = std::move(account)](const Status& status) {
      if (!account) {
        shared->send(refuse(400, account.error().text()));
      } else if (!status) {
        shared->send(refuse(500, status.error().text()));
      } else {
        shared->send(answer(200, json::object{{"account_id", account->id},
                                              {"access_key_id", account->keys.back().id},
                                              {"secret_access_key", account->keys.back().secret}}));
      }
    };
    return decision;
  });
}

json::object Control::status() const {
  const auto snapshot = committer_.snapshot();
  json::object out = hooks_.status();
  out["region"] = region_.name;
  out["endpoint_url"] = facts_.endpoint_url;
  out["revision"] = snapshot->revision;
  out["accounts"] = snapshot->table<model::Account>().size();
  out["vpcs"] = snapshot->table<model::Vpc>().size();
  out["instances"] = snapshot->table<model::Instance>().size();
  out["endpoints"] = snapshot->table<model::VpcEndpoint>().size();
  json::array services;
  for (const auto& service : region_.services) services.emplace_back(service.name);
  out["services"] = std::move(services);
  return out;
}

Result<json::object> Control::env() const {
  const auto snapshot = committer_.snapshot();
  const auto* first = first_account(*snapshot);
  if (!first) return fail("find", "account", "there is none");
  return json::object{{"endpoint_url", facts_.endpoint_url},
                      {"ca_path", facts_.ca_path},
                      {"region", region_.name},
                      {"account_id", first->id},
                      {"access_key_id", first->keys.front().id},
                      {"secret_access_key", first->keys.front().secret}};
}

json::array Control::accounts() const {
  json::array out;
  const auto snapshot = committer_.snapshot();
  for (const auto* account : snapshot->table<model::Account>().all()) {
    json::array keys;
    for (const auto& key : account->keys) keys.emplace_back(key.id);
    out.push_back(json::object{{"account_id", account->id},
                               {"access_key_ids", std::move(keys)},
                               {"created", to_iso8601(WallTime(std::chrono::milliseconds(account->created)))}});
  }
  return out;
}

Result<json::object> Control::instance(const std::string& id) const {
  const auto snapshot = committer_.snapshot();
  const auto* found = snapshot->find<model::Instance>(id);
  if (!found) return fail("find", "instance " + id, "there is none");
  if (found->state != "running") return fail("use", "instance " + id, "it is " + found->state);
  const auto* interface = snapshot->find<model::NetworkInterface>(found->interface);
  const auto* vpc = snapshot->find<model::Vpc>(found->vpc);
  const auto* account = snapshot->find<model::Account>(found->account);
  if (!interface || !vpc || !account || account->keys.empty()) {
    return fail("use", "instance " + id, "its interface, VPC or account is gone");
  }
  GINNEL_TRY(const auto cidr, Cidr::parse(vpc->cidr));
  return json::object{{"id", id},
                      {"netns", id},
                      {"private_ip", interface->address},
                      {"resolver", cidr.base().plus(2).to_string()},
                      {"search", region_.name + ".compute.internal"},
                      {"region", region_.name},
                      {"ca_path", facts_.ca_path},
                      {"account_id", account->id},
                      {"access_key_id", account->keys.front().id},
                      {"secret_access_key", account->keys.front().secret}};
}

}  // namespace ginnel::daemon
