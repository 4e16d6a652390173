#include "daemon/api_handler.h"

#include <memory>

#include "api/render.h"
#include "api/service.h"
#include "aws/request.h"

namespace ginnel::daemon {
namespace {

constexpr std::string_view kServices[] = {"ec2", "elasticloadbalancing", "sts"};

aws::Headers to_headers(const http::Headers& headers) {
  aws::Headers out;
  for (const auto& header : headers) out.emplace_back(header.name, header.value);
  return out;
}

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

http::Response to_response(std::string_view service, std::string_view action,
                           const aws::ApiResult<api::Outcome>& result, const std::string& request_id) {
  auto rendered = api::render(service, action, result, request_id);
  return {static_cast<unsigned>(rendered.status),
          {{"Content-Type", std::string(rendered.content_type)}, {"x-amzn-RequestId", request_id}},
          std::move(rendered.body)};
}

}  // namespace

// A request whose signature held, and what it takes to answer it.
struct ApiHandler::Verified {
  aws::CallerIdentity caller;
  aws::Query query;
};

ApiHandler::ApiHandler(const model::Region& region, const api::Dispatcher& dispatcher, Committer& committer,
                       const Clock& clock, RandomSource& random, Log& log)
    : region_(region),
      dispatcher_(dispatcher),
      committer_(committer),
      clock_(clock),
      random_(random),
      log_(log),
      verifier_(
          region.name, {std::begin(kServices), std::end(kServices)},
          [this](std::string_view access_key) { return find_credential(access_key); }, clock) {}

std::optional<aws::Credential> ApiHandler::find_credential(std::string_view access_key) const {
  const model::AccessKey* key = nullptr;
  const auto snapshot = committer_.snapshot();
  const auto* account = snapshot->account_of_key(access_key, &key);
  if (!account) return std::nullopt;
  return aws::Credential{key->secret, account->id};
}

aws::ApiResult<ApiHandler::Verified> ApiHandler::verify(const aws::RequestView& view) const {
  GINNEL_TRY(auto caller, verifier_.verify(view));
  std::string parameters(view.query);
  if (!view.body.empty()) parameters.append(parameters.empty() ? "" : "&").append(view.body);
  GINNEL_TRY(auto query, aws::Query::parse(parameters));
  return Verified{std::move(caller), std::move(query)};
}

aws::ApiResult<api::Outcome> ApiHandler::run(const Verified& verified, const model::Snapshot& snapshot) const {
  const api::Call call{snapshot,     region_, verified.caller.account_id, verified.caller.access_key,
                       clock_.now(), random_};
  return dispatcher_.handle(verified.caller.service, verified.query, call);
}

void ApiHandler::handle(http::Request request, http::Responder responder) {
  const auto request_id = make_uuid(random_);
  const auto headers = to_headers(request.headers);
  const auto [path, query] = split_target(request.target);
  const aws::RequestView view{request.method, path, query, headers, request.body};
  auto verified = verify(view);
  if (!verified) {
    log_.debug("{} refused: {}: {}", request_id, verified.error().code, verified.error().message);
    const aws::ApiResult<api::Outcome> refused(verified.error());
    responder.send(to_response(aws::claimed_service(view), "", refused, request_id));
    return;
  }

  const auto& service = verified->caller.service;
  const auto& action = verified->query.action();
  if (!dispatcher_.mutates(service, action)) {
    responder.send(to_response(service, action, run(*verified, *committer_.snapshot()), request_id));
    return;
  }
  submit(std::make_shared<const Verified>(std::move(*verified)),
         std::make_shared<http::Responder>(std::move(responder)), request_id);
}

void ApiHandler::submit(std::shared_ptr<const Verified> verified, std::shared_ptr<http::Responder> responder,
                        const std::string& request_id) {
  committer_.submit([this, verified, responder, request_id](const model::Snapshot& snapshot) {
    auto result = run(*verified, snapshot);
    Decision decision;
    if (result) decision.change = std::move(result->change);
    decision.done = [this, verified, responder, request_id, result = std::move(result)](const Status& status) {
      const auto& service = verified->caller.service;
      const auto& action = verified->query.action();
      if (status) {
        responder->send(to_response(service, action, result, request_id));
      } else {
        log_.error("{} {}: {}", request_id, action, status.error().text());
        const auto* form = api::find_service(service);
        const aws::ApiResult<api::Outcome> failed(aws::internal_failure(form ? form->protocol : aws::Protocol::kEc2));
        responder->send(to_response(service, action, failed, request_id));
      }
    };
    return decision;
  });
}

}  // namespace ginnel::daemon
