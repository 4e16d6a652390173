// From what is there to what is wanted: the operations in between, in an order in which each finds what it needs.
//
// First goes what is wanted no more, users before what they use; then comes what is new or other, in the order of
// dependence; unused balancers, targets, policies and namespaces go at the end, since their users change from one to
// the other. Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "dataplane/objects.h"

namespace ginnel::dataplane {

// Makes the object, or makes it over, whatever stands in its place.
template <typename Object>
struct Put {
  typename Object::Key key;
  Object value;
};

// Takes the object away; nothing there is as good.
template <typename Object>
struct Remove {
  typename Object::Key key;
};

using Operation =
    std::variant<Put<Policy>, Remove<Policy>, Put<Namespace>, Remove<Namespace>, Put<Device>, Remove<Device>,
                 Put<PortEntry>, Remove<PortEntry>, Put<Attachment>, Remove<Attachment>, Put<Route>, Remove<Route>,
                 Put<Destination>, Remove<Destination>, Put<Member>, Remove<Member>, Put<Target>, Remove<Target>,
                 Put<Balancer>, Remove<Balancer>, Put<Link>, Remove<Link>, Put<ProbeLink>, Remove<ProbeLink>>;

[[nodiscard]] std::vector<Operation> diff(const VpcState& observed, const VpcState& wanted);
// "put port eni-1: …", one line, for logs and golden tests.
[[nodiscard]] std::string to_text(const Operation& operation);
// "port eni-1": what the operation is about.
[[nodiscard]] std::string object_of(const Operation& operation);
// What is there after the operation succeeded, or after it failed half way.
void note_success(VpcState& state, const Operation& operation);
void note_failure(VpcState& state, const Operation& operation);

}  // namespace ginnel::dataplane
