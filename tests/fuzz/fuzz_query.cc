// The query codec on any bytes: parsed or refused; what is parsed has paths that lead back to it, and every decoder
// takes it or names what is wrong.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aws/query.h"
#include "base/check.h"
#include "generated/ec2.h"
#include "generated/elbv2.h"

namespace {

using ginnel::aws::Query;
using ginnel::aws::QueryNode;

void check_paths(const QueryNode& node, const QueryNode& root) {
  const QueryNode* found = &root;
  for (std::string_view rest = node.path; !rest.empty() && found != nullptr;) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    found = found->child(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  GINNEL_CHECK(found == &node, "a path leads to its node");
  for (const auto& [name, child] : node.children) check_paths(child, root);
}

template <typename Operation>
void decode(const Query& query) {
  const auto request = Operation::decode(query);
  GINNEL_CHECK(request || (!request.error().code.empty() && !request.error().message.empty()), "an error says why");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto query = Query::parse({reinterpret_cast<const char*>(data), size});
  if (!query) {
    GINNEL_CHECK(!query.error().code.empty(), "an error has a code");
    return 0;
  }
  check_paths(query->root(), query->root());
  namespace ec2 = ginnel::ec2;
  namespace elbv2 = ginnel::elbv2;
#define GINNEL_DECODE(operation) decode<ec2::operation>(*query);
  GINNEL_EC2_OPERATIONS(GINNEL_DECODE)
#undef GINNEL_DECODE
  decode<elbv2::DescribeLoadBalancers>(*query);
  return 0;
}
