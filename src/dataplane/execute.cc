#include "dataplane/execute.h"

#include <fmt/format.h>

#include <optional>

namespace ginnel::dataplane {
namespace {

struct IsRemove {
  template <typename Object>
  bool operator()(const Put<Object>&) const {
    return false;
  }
  template <typename Object>
  bool operator()(const Remove<Object>&) const {
    return true;
  }
};

}  // namespace

Status reconcile(Kernel& kernel, plan::VpcNumber vpc, VpcState& observed, const VpcState& wanted, PassReport* report) {
  PassReport counts;
  std::optional<Error> first;
  for (const Operation& operation : diff(observed, wanted)) {
    if (first && std::visit(IsRemove{}, operation)) continue;
    ++counts.operations;
    auto status = kernel.execute(vpc, operation);
    if (status) {
      note_success(observed, operation);
      continue;
    }
    note_failure(observed, operation);
    ++counts.failed;
    if (!first) {
      first = std::move(status).error();
      first->operation = fmt::format("VPC {}, {}: {}", vpc, object_of(operation), first->operation);
    }
  }
  auto settled = kernel.settle(vpc);
  if (report) *report = counts;
  if (first) {
    if (counts.failed > 1) first->cause += fmt::format(" (and {} more failed)", counts.failed - 1);
    return tl::unexpected(std::move(*first));
  }
  return settled;
}

}  // namespace ginnel::dataplane
