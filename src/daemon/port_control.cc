#include "daemon/port_control.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

http::Response answer_of(unsigned status, const json::value& value) {
  return {status, {{"Content-Type", "application/json"}}, json::serialize(value) + "\n"};
}

http::Response refusal(unsigned status, const Error& error) {
  return answer_of(status, json::object{{"error", error.text()}});
}

// The interface of a change that attaches one; it is put once or twice, the
// last time as it is to be.
model::NetworkInterface& interface_of(model::Change& change) {
  return std::get<model::NetworkInterface>(change.puts.back());
}

}  // namespace

json::array PortControl::list() const { return list_ports(*committer_.snapshot(), path_.problems()); }

Result<model::Change> PortControl::attachment(const model::Snapshot& snapshot, const AttachRequest& request) {
  if (!request.container.empty()) return attached_new(snapshot, region_, request, random_, clock_.now());
  GINNEL_TRY(auto interface, attached(snapshot, request, random_, clock_.now()));
  model::Change change;
  change.put(std::move(interface));
  return change;
}

void PortControl::attach(const std::string& body, http::Responder responder) {
  const auto request = read_attach_request(body);
  if (!request) return responder.send(refusal(400, request.error()));
  auto first = attachment(*committer_.snapshot(), *request);
  if (!first) return responder.send(refusal(400, first.error()));
  const auto place = path_.check_place(interface_of(*first).port);
  if (!place) return responder.send(refusal(400, place.error()));

  const auto answer = std::make_shared<http::Responder>(std::move(responder));
  committer_.submit([this, answer, request = *request, inode = place->netns_inode](const model::Snapshot& snapshot) {
    auto change = attachment(snapshot, request);
    Decision decision;
    if (!change) {
      decision.done = [answer, error = change.error()](const Status&) { answer->send(refusal(400, error)); };
      return decision;
    }
    interface_of(*change).port.netns_inode = inode;
    decision.done = [this, answer, wanted = interface_of(*change)](const Status& status) {
      committed(wanted, status, answer);
    };
    decision.change = std::move(*change);
    return decision;
  });
}

void PortControl::look(const std::string& body, http::Responder responder) const {
  const auto request = read_attach_request(body);
  if (!request) return responder.send(refusal(400, request.error()));
  const auto snapshot = committer_.snapshot();
  const auto* found = request->container.empty() ? snapshot->find<model::NetworkInterface>(request->interface_id)
                                                 : find_of_container(*snapshot, request->container);
  if (!found || found->port.kind.empty())
    return responder.send(answer_of(404, json::object{{"error", "nothing is attached"}}));
  auto port = describe_port(*snapshot, region_, *found);
  const auto problems = path_.problems();
  const auto problem = problems.find(found->id);
  port["why"] = problem == problems.end() ? "" : problem->second;
  responder.send(answer_of(200, port));
}

// Of a container that has no interface there is nothing to take off, which is
// as good.
void PortControl::detach(const std::string& body, http::Responder responder) {
  const auto request = read_attach_request(body);
  if (!request) return responder.send(refusal(400, request.error()));
  const auto answer = std::make_shared<http::Responder>(std::move(responder));
  committer_.submit([this, answer, request = *request](const model::Snapshot& snapshot) {
    const auto* found = request.container.empty() ? snapshot.find<model::NetworkInterface>(request.interface_id)
                                                  : find_of_container(snapshot, request.container);
    Decision decision;
    if (!found && !request.container.empty()) {
      decision.done = [answer](const Status&) { answer->send(answer_of(200, json::object{})); };
      return decision;
    }
    auto change = detached(snapshot, found ? found->id : request.interface_id);
    if (!change) {
      decision.done = [answer, error = change.error()](const Status&) { answer->send(refusal(400, error)); };
      return decision;
    }
    model::NetworkInterface left;
    left.id = found->id;
    left.vpc = found->vpc;
    decision.change = std::move(*change);
    decision.done = [this, answer, left](const Status& status) { committed(left, status, answer); };
    return decision;
  });
}

// In the committer's thread, after the change is published. `wanted` has no
// port where it was taken off.
void PortControl::committed(const model::NetworkInterface& wanted, const Status& status, const Answer& answer) {
  if (!status) return answer->send(refusal(500, status.error()));
  applier_.after(wanted.vpc, committer_.snapshot()->revision,
                 [this, answer, wanted](const Status& applied) { answer_applied(wanted, applied, answer); });
}

// In the applier's thread. A port that cannot be made is not kept; one whose
// VPC has other troubles is tried again.
void PortControl::answer_applied(const model::NetworkInterface& interface, const Status& status, const Answer& answer) {
  if (!status) return answer->send(refusal(500, status.error()));
  const auto problems = path_.problems();
  const auto problem = problems.find(interface.id);
  if (interface.port.kind.empty() || problem == problems.end()) {
    return answer->send(answer_of(200, describe_port(*committer_.snapshot(), region_, interface)));
  }
  answer->send(answer_of(400, json::object{{"error", problem->second}}));
  committer_.submit([attachment = interface.attachment, id = interface.id](const model::Snapshot& snapshot) {
    const auto* found = snapshot.find<model::NetworkInterface>(id);
    Decision decision;
    if (!found || found->attachment != attachment) return decision;
    if (auto back = detached(snapshot, id)) decision.change = std::move(*back);
    return decision;
  });
}

}  // namespace ginnel::daemon
