// ActionTable: the actions of one service by name, with their typed requests and answers hidden.
//
// What every action has in common is done here: decoding, DryRun, ClientToken, encoding.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/client_token.h"
#include "aws/query.h"
#include "aws/xml_writer.h"

namespace ginnel::api {

// What a call that succeeded comes to.
struct Outcome {
  std::string body;      // XML: what the answer says, without its root element and the request id
  model::Change change;  // empty where the action only reads
};

struct Action {
  bool mutates = false;
  std::function<aws::ApiResult<Outcome>(const Call&, const aws::Query&)> run;
};

class ActionTable {
 public:
  // `Operation` is a generated one, for example ec2::DescribeVpcs.
  template <typename Operation>
  void add(aws::ApiResult<typename Operation::Response> (*action)(const Call&, const typename Operation::Request&)) {
    put<Operation>(
        false, [action](const Call& call, const aws::Query& query) { return read<Operation>(action, call, query); });
  }
  template <typename Operation>
  void add(ActionResult<typename Operation::Response> (*action)(const Call&, const typename Operation::Request&)) {
    put<Operation>(
        true, [action](const Call& call, const aws::Query& query) { return change<Operation>(action, call, query); });
  }

  // nullptr where there is none.
  [[nodiscard]] const Action* find(std::string_view name) const {
    const auto found = actions_.find(name);
    return found == actions_.end() ? nullptr : &found->second;
  }

 private:
  template <typename Operation>
  void put(bool mutates, std::function<aws::ApiResult<Outcome>(const Call&, const aws::Query&)> run) {
    actions_.emplace(std::string(Operation::kInfo.name), Action{mutates, std::move(run)});
  }

  template <typename Request>
  static bool is_dry_run(const Request& request) {
    if constexpr (requires { request.dry_run; }) {
      return request.dry_run.value_or(false);
    } else {
      return false;
    }
  }

  template <typename Operation>
  static std::string body_of(const typename Operation::Response& response) {
    aws::XmlWriter xml;
    Operation::encode(xml, response);
    return xml.finish().substr(aws::XmlWriter().finish().size());  // without the XML declaration
  }

  template <typename Operation, typename F>
  static aws::ApiResult<Outcome> read(F action, const Call& call, const aws::Query& query) {
    GINNEL_TRY(const typename Operation::Request request, Operation::decode(query));
    GINNEL_TRY(const typename Operation::Response response, action(call, request));
    if (is_dry_run(request)) return aws::dry_run_succeeded();
    return Outcome{body_of<Operation>(response), {}};
  }

  template <typename Operation, typename F>
  static aws::ApiResult<Outcome> change(F action, const Call& call, const aws::Query& query) {
    GINNEL_TRY(const typename Operation::Request request, Operation::decode(query));
    if constexpr (requires { request.client_token; }) {
      if (request.client_token && !is_dry_run(request)) {
        GINNEL_TRY(const TokenUse token, TokenUse::begin(call, query, *request.client_token));
        if (token.answer()) return Outcome{*token.answer(), {}};
        GINNEL_TRY(Done<typename Operation::Response> done, action(call, request));
        Outcome outcome{body_of<Operation>(done.response), std::move(done.change)};
        token.keep(outcome.body, outcome.change);
        return outcome;
      }
    }
    GINNEL_TRY(Done<typename Operation::Response> done, action(call, request));
    if (is_dry_run(request)) return aws::dry_run_succeeded();
    return Outcome{body_of<Operation>(done.response), std::move(done.change)};
  }

  std::map<std::string, Action, std::less<>> actions_;
};

}  // namespace ginnel::api
