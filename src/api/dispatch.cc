#include "api/dispatch.h"

#include <fmt/format.h>

#include "api/ec2/actions.h"
#include "api/elbv2/actions.h"
#include "api/service.h"
#include "api/sts/actions.h"

namespace ginnel::api {

Dispatcher::Dispatcher() {
  add_ec2_actions(ec2_);
  add_elbv2_actions(elbv2_);
  add_sts_actions(sts_);
}

const ActionTable* Dispatcher::table(std::string_view service) const {
  if (service == "ec2") return &ec2_;
  if (service == "elasticloadbalancing") return &elbv2_;
  if (service == "sts") return &sts_;
  return nullptr;
}

bool Dispatcher::mutates(std::string_view service, std::string_view action) const {
  const ActionTable* actions = table(service);
  const Action* found = actions == nullptr ? nullptr : actions->find(action);
  return found != nullptr && found->mutates;
}

aws::ApiResult<Outcome> Dispatcher::handle(std::string_view service, const aws::Query& query, const Call& call) const {
  const ActionTable* actions = table(service);
  const ServiceForm* form = find_service(service);
  if (actions == nullptr || form == nullptr) {
    return aws::api_error("InvalidAction", fmt::format("The service {} is not valid in this region.", service));
  }
  if (query.action().empty()) {
    return aws::api_error("MissingAction", "The request is missing an action or a required parameter.");
  }
  if (query.version().empty()) return aws::missing_parameter("Version", form->protocol);
  if (query.version() != form->version) {
    return aws::api_error("NoSuchVersion", fmt::format("The requested version ({}) of service {} does not exist",
                                                       query.version(), form->title));
  }
  const Action* action = actions->find(query.action());
  if (action == nullptr) return aws::invalid_action(query.action(), query.version());
  return action->run(call, query);
}

}  // namespace ginnel::api
