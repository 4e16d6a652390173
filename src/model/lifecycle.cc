#include "model/lifecycle.h"

#include <algorithm>

#include "model/attributes.h"

namespace ginnel::model {
namespace {

TimeMs to_ms(WallTime time) { return time.time_since_epoch().count(); }

constexpr std::string_view kRegistering = "Elb.RegistrationInProgress";
constexpr std::string_view kChecking = "Elb.InitialHealthChecking";

// Deletes a resource together with its tags.
template <typename T>
void erase_with_tags(const Snapshot& snapshot, const T& resource, Change& change) {
  change.erase(resource);
  if (const auto* tags = snapshot.find<Tags>(resource.id)) change.erase(*tags);
}

// The resource of the applied snapshot is still what it was, and so are its interfaces.
template <typename T>
bool unchanged(const Snapshot& applied, const Snapshot& newest, const T& then) {
  const T* now = newest.find<T>(then.id);
  if (!now || !(*now == then)) return false;
  const auto before = applied.table<NetworkInterface>().referring_to(then.id);
  const auto after = newest.table<NetworkInterface>().referring_to(then.id);
  return std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [](const auto* left, const auto* right) { return *left == *right; });
}

void mark_endpoint(const Snapshot& newest, const VpcEndpoint& endpoint, Change& change) {
  if (endpoint.state == "pending") {
    VpcEndpoint next = endpoint;
    next.state = "available";
    change.put(std::move(next));
  } else if (endpoint.state == "deleting") {
    for (const auto* interface : newest.table<NetworkInterface>().referring_to(endpoint.id)) {
      erase_with_tags(newest, *interface, change);
    }
    for (const auto* notification : newest.table<ConnectionNotification>().referring_to(endpoint.id)) {
      change.erase(*notification);
    }
    erase_with_tags(newest, endpoint, change);
  }
}

void mark_load_balancer(const LoadBalancer& balancer, Change& change) {
  if (balancer.state != "provisioning") return;
  LoadBalancer next = balancer;
  next.state = "active";
  change.put(std::move(next));
}

// Targets of a group that a listener uses begin to be checked.
void mark_targets(const Snapshot& applied, const Snapshot& newest, const TargetGroup& group, Change& change) {
  if (!applied.table<Listener>().any_referring_to(group.id)) return;
  for (const auto* target : applied.table<Target>().referring_to(group.id)) {
    if (target->reason != kRegistering) continue;
    const auto* now = newest.find<Target>(target->id);
    if (!now || !(*now == *target)) continue;
    Target next = *target;
    next.reason = kChecking;
    next.description.clear();
    change.put(std::move(next));
  }
}

// `then` waits for the VPC.
void mark_prefix_list(const Snapshot& newest, const PrefixList& then, std::string_view vpc_id, Change& change) {
  const auto* now = newest.find<PrefixList>(then.id);
  if (!now || now->version != then.version) return;
  PrefixList next = *now;
  if (std::erase(next.pending, vpc_id) > 0) change.put(std::move(next));
}

void mark_instance(const Snapshot& newest, const Instance& instance, WallTime now, Change& change) {
  Instance next = instance;
  if (instance.state == "pending") {
    next.state = "running";
    change.put(std::move(next));
  } else if (instance.state == "shutting-down") {
    for (const auto* interface : newest.table<NetworkInterface>().referring_to(instance.id)) {
      if (interface->delete_on_termination) {
        erase_with_tags(newest, *interface, change);
        continue;
      }
      NetworkInterface detached = *interface;
      detached.instance.clear();
      detached.attachment.clear();
      change.put(std::move(detached));
    }
    next.state = "terminated";
    next.terminated = to_ms(now);
    // What a terminated instance had of its network is gone: it no longer holds its VPC and subnet.
    next.interface.clear();
    next.subnet.clear();
    next.vpc.clear();
    change.put(std::move(next));
  }
}

}  // namespace

Change mark_applied(const Snapshot& applied, const Snapshot& newest, std::string_view vpc_id, WallTime now) {
  Change change;
  for (const auto* endpoint : applied.table<VpcEndpoint>().referring_to(vpc_id)) {
    if (unchanged(applied, newest, *endpoint)) mark_endpoint(newest, *endpoint, change);
  }
  for (const auto* balancer : applied.table<LoadBalancer>().referring_to(vpc_id)) {
    if (unchanged(applied, newest, *balancer)) mark_load_balancer(*balancer, change);
  }
  for (const auto* group : applied.table<TargetGroup>().referring_to(vpc_id)) {
    mark_targets(applied, newest, *group, change);
  }
  for (const auto* list : applied.table<PrefixList>().referring_to(vpc_id)) {
    mark_prefix_list(newest, *list, vpc_id, change);
  }
  for (const auto* instance : applied.table<Instance>().referring_to(vpc_id)) {
    if (unchanged(applied, newest, *instance)) mark_instance(newest, *instance, now, change);
  }
  return change;
}

namespace {

// Drained targets; their flows go with them.
void purge_targets(const Snapshot& newest, WallTime now, Change& change) {
  for (const auto* target : newest.table<Target>().all()) {
    if (target->deregistered == 0) continue;
    const auto* group = newest.find<TargetGroup>(target->group);
    const bool drained = !group || target->deregistered + deregistration_delay_ms(*group) <= to_ms(now) ||
                         !newest.table<Listener>().any_referring_to(group->id);
    if (drained) change.erase(*target);
  }
}

}  // namespace

Change purge(const Snapshot& newest, WallTime now) {
  Change change;
  for (const auto* instance : newest.table<Instance>().all()) {
    const bool shown = instance->terminated + std::chrono::milliseconds(kTerminatedShown).count() > to_ms(now);
    if (instance->state != "terminated" || shown) continue;
    erase_with_tags(newest, *instance, change);
    for (const auto* target : newest.table<Target>().referring_to(instance->id)) {
      if (target->deregistered == 0) change.erase(*target);
    }
  }
  purge_targets(newest, now, change);
  for (const auto* token : newest.table<ClientToken>().all()) {
    const bool kept = token->created + std::chrono::milliseconds(kClientTokenKept).count() > to_ms(now);
    if (!kept) change.erase(*token);
  }
  return change;
}

}  // namespace ginnel::model
