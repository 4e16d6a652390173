#include "dataplane/target_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "maglev/maglev.h"

namespace ginnel::dataplane {
namespace {

constexpr const char* kTable = "target_table";

std::string table_of(plan::BalancerNumber balancer) { return fmt::format("target table of balancer {}", balancer); }

Result<UniqueFd> make_table(plan::BalancerNumber balancer, const std::vector<plan::TargetNumber>& places) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_INNER_MAP;
  UniqueFd out(bpf_map_create(BPF_MAP_TYPE_ARRAY, kTable, sizeof(__u32), sizeof(__u32),
                              static_cast<uint32_t>(places.size()), &options));
  if (!out) return fail_errno("create", table_of(balancer));
  std::vector<__u32> keys(places.size());
  std::iota(keys.begin(), keys.end(), 0U);
  auto count = static_cast<__u32>(places.size());
  if (bpf_map_update_batch(out.get(), keys.data(), places.data(), &count, nullptr) != 0) {
    return fail_errno("write", table_of(balancer));
  }
  return out;
}

}  // namespace

Status put_target_table(Tables& tables, plan::BalancerNumber balancer, const Targets& targets, uint32_t size) {
  if (targets.size() > size) {
    return fail("make", table_of(balancer), fmt::format("{} targets, at most {}", targets.size(), size));
  }
  if (targets.empty()) {
    GINNEL_CHECKED(erase_target_table(tables, balancer));
    return {};
  }
  GINNEL_TRY(const UniqueFd table, make_table(balancer, maglev::table(targets, size)));
  return tables.tables.put(balancer, static_cast<__u32>(table.get()));
}

Result<bool> erase_target_table(Tables& tables, plan::BalancerNumber balancer) { return tables.tables.erase(balancer); }

Result<std::optional<Targets>> read_target_table(const Tables& tables, plan::BalancerNumber balancer, uint32_t size) {
  GINNEL_TRY(const auto id, tables.tables.get(balancer));
  if (!id) return std::optional<Targets>(Targets{});
  const UniqueFd fd(bpf_map_get_fd_by_id(*id));
  if (!fd) return fail_errno("open", table_of(balancer));
  GINNEL_TRY(const auto table, (Map<__u32, __u32>::bind(fd.get(), table_of(balancer))));
  if (table.capacity() != size) return std::optional<Targets>();
  std::vector<plan::TargetNumber> places(table.capacity());
  GINNEL_CHECKED(table.for_each([&](__u32 place, __u32 target) { places.at(place) = target; }, table.capacity()));
  Targets targets = places;
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  if (maglev::table(targets, size) != places) return std::optional<Targets>();
  return std::optional<Targets>(std::move(targets));
}

}  // namespace ginnel::dataplane
