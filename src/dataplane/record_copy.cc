#include "dataplane/record_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace ginnel::dataplane {
namespace {

std::string_view name_of(const btf* types, uint32_t offset) {
  const char* name = btf__name_by_offset(types, offset);
  return name == nullptr ? "" : name;
}

// Through typedefs and qualifiers; says whether one of them fixes the byte order ("__be16").
struct Resolved {
  const btf_type* type;
  uint32_t id;
  bool big_endian;
};

Resolved resolve(const btf* types, uint32_t id) {
  Resolved out{btf__type_by_id(types, id), id, false};
  while (out.type != nullptr && (btf_is_mod(out.type) || btf_is_typedef(out.type))) {
    if (btf_is_typedef(out.type) && name_of(types, out.type->name_off).starts_with("__be")) out.big_endian = true;
    out.id = out.type->type;
    out.type = btf__type_by_id(types, out.id);
  }
  return out;
}

bool is_number(const btf_type* type) { return btf_is_int(type) || btf_is_any_enum(type); }

bool is_signed(const btf_type* type) {
  return btf_is_int(type) ? (btf_int_encoding(type) & BTF_INT_SIGNED) != 0 : btf_kflag(type);
}

const btf_member* member_named(const btf* types, const btf_type* record, std::string_view name) {
  const btf_member* members = btf_members(record);
  for (uint32_t i = 0; i < btf_vlen(record); ++i) {
    if (name_of(types, members[i].name_off) == name) return &members[i];
  }
  return nullptr;
}

}  // namespace

// One walk over both types at once.
class RecordMatcher {
 public:
  RecordMatcher(const btf* from, const btf* to, RecordCopy& out) : from_(from), to_(to), out_(out) {}

  Status match(uint32_t from_id, uint32_t from_at, uint32_t to_id, uint32_t to_at, const std::string& what) {
    const Resolved from = resolve(from_, from_id), to = resolve(to_, to_id);
    if (from.type == nullptr || to.type == nullptr) return fail("compare layouts of", what, "its BTF is broken");
    if (is_number(from.type) && is_number(to.type)) {
      if (from.type->size != to.type->size && (from.big_endian || to.big_endian)) {
        return fail("compare layouts of", what, "a number of fixed byte order has another width");
      }
      out_.steps_.push_back({from_at, from.type->size, to_at, to.type->size, is_signed(from.type)});
      return {};
    }
    if (btf_is_struct(from.type) && btf_is_struct(to.type)) return match_members(from, from_at, to, to_at, what);
    if (btf_is_array(from.type) && btf_is_array(to.type)) return match_elements(from, from_at, to, to_at, what);
    return fail("compare layouts of", what, "it is of another kind");
  }

 private:
  Status match_members(const Resolved& from, uint32_t from_at, const Resolved& to, uint32_t to_at,
                       const std::string& what) {
    const btf_member* members = btf_members(to.type);
    for (uint32_t i = 0; i < btf_vlen(to.type); ++i) {
      const std::string_view name = name_of(to_, members[i].name_off);
      const std::string path = fmt::format("{}.{}", what, name);
      const btf_member* old = member_named(from_, from.type, name);
      if (old == nullptr) continue;
      const auto old_index = static_cast<uint32_t>(old - btf_members(from.type));
      if (name.empty() || btf_member_bitfield_size(to.type, i) != 0 ||
          btf_member_bitfield_size(from.type, old_index) != 0) {
        return fail("compare layouts of", path, "members without a name and bit fields are not supported");
      }
      GINNEL_CHECKED(match(old->type, from_at + btf_member_bit_offset(from.type, old_index) / 8, members[i].type,
                           to_at + btf_member_bit_offset(to.type, i) / 8, path));
    }
    return {};
  }

  Status match_elements(const Resolved& from, uint32_t from_at, const Resolved& to, uint32_t to_at,
                        const std::string& what) {
    const struct btf_array *old = btf_array(from.type), *made = btf_array(to.type);
    const int64_t old_size = btf__resolve_size(from_, old->type), made_size = btf__resolve_size(to_, made->type);
    if (old_size < 0 || made_size < 0) return fail("compare layouts of", what, "its BTF is broken");
    const uint32_t both = std::min(old->nelems, made->nelems);
    for (uint32_t i = 0; i < both; ++i) {
      GINNEL_CHECKED(match(old->type, from_at + i * static_cast<uint32_t>(old_size), made->type,
                           to_at + i * static_cast<uint32_t>(made_size), fmt::format("{}[{}]", what, i)));
    }
    if (old->nelems > both) {
      out_.must_be_zero_.emplace_back(from_at + both * static_cast<uint32_t>(old_size),
                                      (old->nelems - both) * static_cast<uint32_t>(old_size));
    }
    return {};
  }

  const btf* from_;
  const btf* to_;
  RecordCopy& out_;
};

Result<RecordCopy> RecordCopy::between(const RecordType& from, const RecordType& to, const std::string& record) {
  RecordCopy out(from.size, to.size);
  if (from.types != nullptr && to.types != nullptr && from.id != 0 && to.id != 0) {
    GINNEL_CHECKED(RecordMatcher(from.types, to.types, out).match(from.id, 0, to.id, 0, record));
    out.merge_neighbours();
    return out;
  }
  if (from.size != to.size) {
    return fail("compare layouts of", record, fmt::format("{} bytes and {}, and no BTF", from.size, to.size));
  }
  out.steps_.push_back({0, from.size, 0, to.size, false});
  return out;
}

// Most members stand side by side in both layouts: one copy for all of them.
void RecordCopy::merge_neighbours() {
  std::sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) { return a.to < b.to; });
  std::vector<Step> merged;
  for (const Step& step : steps_) {
    if (!merged.empty()) {
      Step& last = merged.back();
      if (step.from_size == step.to_size && last.from_size == last.to_size && last.from + last.from_size == step.from &&
          last.to + last.to_size == step.to) {
        last.from_size += step.from_size;
        last.to_size += step.to_size;
        continue;
      }
    }
    merged.push_back(step);
  }
  steps_ = std::move(merged);
}

bool RecordCopy::is_identity() const {
  return from_size_ == to_size_ && must_be_zero_.empty() && steps_.size() == 1 && steps_[0].from == 0 &&
         steps_[0].to == 0 && steps_[0].from_size == from_size_ && steps_[0].to_size == to_size_;
}

bool RecordCopy::convert(const Step& step, const uint8_t* from, uint8_t* to) {
  if (step.from_size == step.to_size) {
    std::memcpy(to + step.to, from + step.from, step.from_size);
    return true;
  }
  // Little-endian, as every machine that Ginnel is built for; the upper bytes come last.
  const uint32_t both = std::min(step.from_size, step.to_size);
  std::memcpy(to + step.to, from + step.from, both);
  const bool negative = step.is_signed && (from[step.from + step.from_size - 1] & 0x80) != 0;
  const uint8_t filling = negative ? 0xff : 0;
  std::memset(to + step.to + both, filling, step.to_size - both);
  for (uint32_t i = both; i < step.from_size; ++i) {
    if (from[step.from + i] != filling) return false;
  }
  return !step.is_signed || step.from_size < step.to_size || negative == ((to[step.to + both - 1] & 0x80) != 0);
}

bool RecordCopy::convert(const uint8_t* from, uint8_t* to) const {
  std::memset(to, 0, to_size_);
  for (const auto& [at, length] : must_be_zero_) {
    if (!std::all_of(from + at, from + at + length, [](uint8_t byte) { return byte == 0; })) return false;
  }
  return std::all_of(steps_.begin(), steps_.end(), [&](const Step& step) { return convert(step, from, to); });
}

bool is_counters(const RecordType& type) {
  if (type.types == nullptr || type.id == 0) return false;
  const Resolved resolved = resolve(type.types, type.id);
  if (resolved.type == nullptr) return false;
  if (btf_is_int(resolved.type)) return resolved.type->size == 8 && !is_signed(resolved.type);
  if (!btf_is_struct(resolved.type)) return false;
  const btf_member* members = btf_members(resolved.type);
  return btf_vlen(resolved.type) != 0 &&
         std::all_of(members, members + btf_vlen(resolved.type), [&](const btf_member& member) {
           return is_counters({type.types, member.type, 0});
         });
}

std::optional<uint32_t> member_offset(const RecordType& section, std::string_view variable, std::string_view member) {
  const btf_type* type = section.types == nullptr ? nullptr : btf__type_by_id(section.types, section.id);
  if (type == nullptr || !btf_is_datasec(type)) return std::nullopt;
  const struct btf_var_secinfo* variables = btf_var_secinfos(type);
  for (uint32_t i = 0; i < btf_vlen(type); ++i) {
    const btf_type* found = btf__type_by_id(section.types, variables[i].type);
    if (found == nullptr || name_of(section.types, found->name_off) != variable) continue;
    const Resolved record = resolve(section.types, found->type);
    if (record.type == nullptr || !btf_is_struct(record.type)) return std::nullopt;
    const btf_member* at = member_named(section.types, record.type, member);
    if (at == nullptr) return std::nullopt;
    return variables[i].offset +
           btf_member_bit_offset(record.type, static_cast<uint32_t>(at - btf_members(record.type))) / 8;
  }
  return std::nullopt;
}

}  // namespace ginnel::dataplane
