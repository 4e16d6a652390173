#include "api/elbv2/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/elbv2/arns.h"
#include "api/elbv2/errors.h"
#include "model/attributes.h"

namespace ginnel::api {
namespace {

using model::AttributeForm;
using model::Listener;
using model::LoadBalancer;
using model::TargetGroup;

// "Load balancer attribute key 'x' …", as AWS names them.
template <typename T>
constexpr std::string_view kTitle = "";
template <>
constexpr std::string_view kTitle<LoadBalancer> = "Load balancer";
template <>
constexpr std::string_view kTitle<TargetGroup> = "Target group";
template <>
constexpr std::string_view kTitle<Listener> = "Listener";

// All of a resource's attributes with the values in force.
template <typename Attribute, typename T>
std::vector<Attribute> in_force(const T& resource) {
  std::vector<Attribute> out;
  for (const auto& form : model::attribute_forms(resource)) {
    out.push_back({.key = std::string(form.key), .value = model::attribute(resource, form.key)});
  }
  return out;
}

template <typename T>
aws::ApiStatus check(const T& resource, const std::string& key, const std::string& value) {
  const auto forms = model::attribute_forms(resource);
  const auto form = std::find_if(forms.begin(), forms.end(), [&](const AttributeForm& one) { return one.key == key; });
  if (form == forms.end()) {
    return validation_error(fmt::format("{} attribute key '{}' is not recognized", kTitle<T>, key));
  }
  const std::string usual = model::attribute_default(resource, key);
  if (!form->allows(value)) {
    return validation_error(fmt::format("{} attribute value '{}' of the key '{}' is not valid: it must be {}",
                                        kTitle<T>, value, key, form->allowed()));
  }
  if (form->honoured || value == usual) return {};
  return validation_error(fmt::format("{} attribute value '{}' of the key '{}' is not supported: it must be '{}'",
                                      kTitle<T>, value, key, usual));
}

// Sets what the request lists; a value that is the default is not kept.
template <typename T, typename Attribute>
aws::ApiStatus apply(T& resource, const std::vector<Attribute>& wanted) {
  if (wanted.empty()) return missing("Attributes");
  std::set<std::string> seen;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].key) return missing(fmt::format("Attributes.member.{}.Key", i + 1));
    const std::string& key = *wanted[i].key;
    const std::string value = wanted[i].value.value_or("");
    GINNEL_CHECKED(check(resource, key, value));
    if (!seen.insert(key).second) {
      return validation_error(fmt::format("{} attribute key '{}' was specified more than once", kTitle<T>, key));
    }
    resource.attributes.erase(key);
    if (value != model::attribute_default(resource, key)) resource.attributes[key] = value;
  }
  return {};
}

// What depends on the protocol, or on another attribute.
aws::ApiStatus check_together(const TargetGroup& group) {
  const bool udp = group.protocol != "TCP";
  const auto refused = [&](std::string_view key, std::string_view why) {
    return bad_configuration(fmt::format("Target group attribute value '{}' of the key '{}' is not valid: {}",
                                         model::attribute(group, key), key, why));
  };
  const std::string target_protocol = fmt::format("the protocol of the target group is {}", group.protocol);
  if (udp && !model::preserves_client_ip(group)) {
    return refused("preserve_client_ip.enabled", target_protocol);
  }
  if (udp && model::terminates_unhealthy(group)) {
    return refused("target_health_state.unhealthy.connection_termination.enabled", target_protocol);
  }
  if (udp && !model::attribute_flag(group, "deregistration_delay.connection_termination.enabled")) {
    return refused("deregistration_delay.connection_termination.enabled",
                   "flows are always ended at the end of the deregistration delay");
  }
  if (group.protocol == "UDP" && model::sends_proxy_header(group)) {
    return refused("proxy_protocol_v2.enabled", target_protocol);
  }
  if (model::terminates_unhealthy(group) && model::unhealthy_draining_ms(group) != 0) {
    return refused("target_health_state.unhealthy.draining_interval_seconds",
                   "target_health_state.unhealthy.connection_termination.enabled must be false");
  }
  return {};
}

aws::ApiStatus check_together(const LoadBalancer&) { return {}; }
aws::ApiStatus check_together(const Listener&) { return {}; }

template <typename T, typename Response, typename Attribute>
ActionResult<Response> modify(const Call& call, const std::string& arn, const std::vector<Attribute>& wanted) {
  GINNEL_TRY(const T* found, find_by_arn<T>(call, arn));
  T next = *found;
  GINNEL_CHECKED(apply(next, wanted));
  GINNEL_CHECKED(check_together(next));
  Done<Response> done;
  done.response.attributes = in_force<Attribute>(next);
  if (next != *found) done.change.put(std::move(next));
  return done;
}

template <typename T, typename Response, typename Attribute>
aws::ApiResult<Response> describe(const Call& call, const std::string& arn) {
  GINNEL_TRY(const T* found, find_by_arn<T>(call, arn));
  Response response;
  response.attributes = in_force<Attribute>(*found);
  return response;
}

}  // namespace

aws::ApiResult<elbv2::DescribeLoadBalancerAttributesResponse> describe_load_balancer_attributes(
    const Call& call, const elbv2::DescribeLoadBalancerAttributesRequest& request) {
  return describe<LoadBalancer, elbv2::DescribeLoadBalancerAttributesResponse, elbv2::LoadBalancerAttribute>(
      call, *request.load_balancer_arn);
}

aws::ApiResult<elbv2::DescribeTargetGroupAttributesResponse> describe_target_group_attributes(
    const Call& call, const elbv2::DescribeTargetGroupAttributesRequest& request) {
  return describe<TargetGroup, elbv2::DescribeTargetGroupAttributesResponse, elbv2::TargetGroupAttribute>(
      call, *request.target_group_arn);
}

aws::ApiResult<elbv2::DescribeListenerAttributesResponse> describe_listener_attributes(
    const Call& call, const elbv2::DescribeListenerAttributesRequest& request) {
  return describe<Listener, elbv2::DescribeListenerAttributesResponse, elbv2::ListenerAttribute>(call,
                                                                                                 *request.listener_arn);
}

ActionResult<elbv2::ModifyLoadBalancerAttributesResponse> modify_load_balancer_attributes(
    const Call& call, const elbv2::ModifyLoadBalancerAttributesRequest& request) {
  return modify<LoadBalancer, elbv2::ModifyLoadBalancerAttributesResponse>(call, *request.load_balancer_arn,
                                                                           request.attributes);
}

ActionResult<elbv2::ModifyTargetGroupAttributesResponse> modify_target_group_attributes(
    const Call& call, const elbv2::ModifyTargetGroupAttributesRequest& request) {
  return modify<TargetGroup, elbv2::ModifyTargetGroupAttributesResponse>(call, *request.target_group_arn,
                                                                         request.attributes);
}

ActionResult<elbv2::ModifyListenerAttributesResponse> modify_listener_attributes(
    const Call& call, const elbv2::ModifyListenerAttributesRequest& request) {
  return modify<Listener, elbv2::ModifyListenerAttributesResponse>(call, *request.listener_arn, request.attributes);
}

}  // namespace ginnel::api
