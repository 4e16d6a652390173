#include "daemon/port_control.h"

#include "daemon/attachments.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

http::Response answer_of(unsigned status, const json::value& value) {
  return {status, {{"Content-Type", "application/json"}}, json::serialize(value) + "\n"};
}

http::Response refusal(unsigned status, const Error& error) {
  return answer_of(status, json::object{{"error", error.text()}});
}

json::object port_of(const model::NetworkInterface& interface) {
  return {{"interface", interface.id},         {"address", interface.address},    {"mac", interface.mac},
          {"kind", interface.port.kind},       {"device", interface.port.device}, {"netns", interface.port.netns},
          {"attachment", interface.attachment}};
}

}  // namespace

json::array PortControl::list() const { return list_ports(*committer_.snapshot(), path_.problems()); }

void PortControl::attach(const std::string& body, http::Responder responder) {
  const auto request = read_attach_request(body);
  if (!request) return responder.send(refusal(400, request.error()));
  const auto first = attached(*committer_.snapshot(), *request, random_, clock_.now());
  if (!first) return responder.send(refusal(400, first.error()));
  const auto place = path_.check_place(first->port);
  if (!place) return responder.send(refusal(400, place.error()));

  const auto answer = std::make_shared<http::Responder>(std::move(responder));
  committer_.submit([this, answer, request = *request, inode = place->netns_inode](const model::Snapshot& snapshot) {
    auto wanted = attached(snapshot, request, random_, clock_.now());
    Decision decision;
    if (wanted) {
      wanted->port.netns_inode = inode;
      decision.change.put(*wanted);
    }
    decision.done = [this, answer, wanted](const Status& status) { committed(wanted, status, answer); };
    return decision;
  });
}

void PortControl::detach(const std::string& body, http::Responder responder) {
  const auto request = read_attach_request(body);
  if (!request) return responder.send(refusal(400, request.error()));
  const auto answer = std::make_shared<http::Responder>(std::move(responder));
  committer_.submit([this, answer, id = request->interface_id](const model::Snapshot& snapshot) {
    auto wanted = detached(snapshot, id);
    Decision decision;
    if (wanted) decision.change.put(*wanted);
    decision.done = [this, answer, wanted](const Status& status) { committed(wanted, status, answer); };
    return decision;
  });
}

// In the committer's thread, after the change is published.
void PortControl::committed(const Result<model::NetworkInterface>& wanted, const Status& status, const Answer& answer) {
  if (!wanted) return answer->send(refusal(400, wanted.error()));
  if (!status) return answer->send(refusal(500, status.error()));
  applier_.after(
      wanted->vpc, committer_.snapshot()->revision,
      [this, answer, interface = *wanted](const Status& applied) { answer_applied(interface, applied, answer); });
}

// In the applier's thread. A port that cannot be made is not kept; one whose VPC has other troubles is tried again.
void PortControl::answer_applied(const model::NetworkInterface& interface, const Status& status, const Answer& answer) {
  if (!status) return answer->send(refusal(500, status.error()));
  const auto problems = path_.problems();
  const auto problem = problems.find(interface.id);
  if (interface.port.kind.empty() || problem == problems.end()) return answer->send(answer_of(200, port_of(interface)));
  answer->send(answer_of(400, json::object{{"error", problem->second}}));
  committer_.submit([attachment = interface.attachment, id = interface.id](const model::Snapshot& snapshot) {
    const auto* found = snapshot.find<model::NetworkInterface>(id);
    Decision decision;
    if (!found || found->attachment != attachment) return decision;
    if (auto back = detached(snapshot, id)) decision.change.put(*back);
    return decision;
  });
}

}  // namespace ginnel::daemon
