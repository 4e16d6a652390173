#include "dataplane/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

namespace ginnel::dataplane {
namespace {

// Newer than the headers of Debian 12.
constexpr uint32_t kTcxIngress = 46;
constexpr uint32_t kMostPrograms = 64;  // on one device's ingress

int bpf_call(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

std::string device(uint32_t ifindex) { return fmt::format("device {}", ifindex); }

class TcxAttacher final : public Attacher {
 public:
  Status attach(uint32_t ifindex, int program_fd) override {
    GINNEL_TRY(const uint32_t old_id, attached(ifindex));
    GINNEL_TRY(const uint32_t new_id, program_id(program_fd));
    if (old_id == new_id) return {};
    bpf_attr attributes{};
    attributes.target_fd = ifindex;
    attributes.attach_bpf_fd = static_cast<uint32_t>(program_fd);
    attributes.attach_type = kTcxIngress;
    UniqueFd old;
    if (old_id != 0) {
      GINNEL_TRY(old, program_by_id(old_id));
      attributes.attach_flags = BPF_F_REPLACE;
      attributes.replace_bpf_fd = static_cast<uint32_t>(old.get());
    }
    if (bpf_call(BPF_PROG_ATTACH, attributes) != 0) return fail_errno("attach program by tcx to", device(ifindex));
    return {};
  }

  Result<uint32_t> attached(uint32_t ifindex) override {
    std::array<uint32_t, kMostPrograms> ids{};
    bpf_attr attributes{};
    attributes.query.target_fd = ifindex;
    attributes.query.attach_type = kTcxIngress;
    attributes.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
    attributes.query.prog_cnt = kMostPrograms;
    if (bpf_call(BPF_PROG_QUERY, attributes) != 0) {
      if (errno == ENOENT) return 0U;  // the device never had a program
      return fail_errno("query tcx of", device(ifindex));
    }
    for (uint32_t i = 0; i < attributes.query.prog_cnt && i < kMostPrograms; ++i) {
      auto program = program_by_id(ids[i]);
      if (!program) continue;  // gone meanwhile, so not ours
      bpf_prog_info info{};
      uint32_t length = sizeof info;
      if (bpf_obj_get_info_by_fd(program->get(), &info, &length) == 0 && std::strcmp(info.name, kProgramName) == 0) {
        return ids[i];
      }
    }
    return 0U;
  }

  Status detach(uint32_t ifindex) override {
    GINNEL_TRY(const uint32_t id, attached(ifindex));
    if (id == 0) return {};
    GINNEL_TRY(const UniqueFd program, program_by_id(id));
    bpf_attr attributes{};
    attributes.target_fd = ifindex;
    attributes.attach_bpf_fd = static_cast<uint32_t>(program.get());
    attributes.attach_type = kTcxIngress;
    if (bpf_call(BPF_PROG_DETACH, attributes) != 0 && errno != ENOENT) {
      return fail_errno("detach program by tcx from", device(ifindex));
    }
    return {};
  }

  [[nodiscard]] const char* name() const override { return "tcx"; }
};

class ClsactAttacher final : public Attacher {
 public:
  Status attach(uint32_t ifindex, int program_fd) override {
    bpf_tc_hook hook = hook_of(ifindex);
    if (const int error = bpf_tc_hook_create(&hook); error != 0 && error != -EEXIST) {
      return fail_errno("make clsact of", device(ifindex), -error);
    }
    bpf_tc_opts options = place();
    options.prog_fd = program_fd;
    options.flags = BPF_TC_F_REPLACE;
    if (const int error = bpf_tc_attach(&hook, &options); error != 0) {
      return fail_errno("attach program by clsact to", device(ifindex), -error);
    }
    return {};
  }

  Result<uint32_t> attached(uint32_t ifindex) override {
    bpf_tc_hook hook = hook_of(ifindex);
    bpf_tc_opts options = place();
    const int error = bpf_tc_query(&hook, &options);
    if (error == -ENOENT || error == -EINVAL) return 0U;  // no filter, or no clsact
    if (error != 0) return fail_errno("query clsact of", device(ifindex), -error);
    return options.prog_id;
  }

  Status detach(uint32_t ifindex) override {
    GINNEL_TRY(const uint32_t id, attached(ifindex));
    if (id == 0) return {};
    bpf_tc_hook hook = hook_of(ifindex);
    bpf_tc_opts options = place();
    if (const int error = bpf_tc_detach(&hook, &options); error != 0 && error != -ENOENT) {
      return fail_errno("detach program by clsact from", device(ifindex), -error);
    }
    return {};
  }

  [[nodiscard]] const char* name() const override { return "clsact"; }

 private:
  static bpf_tc_hook hook_of(uint32_t ifindex) {
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = static_cast<int>(ifindex);
    hook.attach_point = BPF_TC_INGRESS;
    return hook;
  }
  // Ours is the first filter of the device.
  static bpf_tc_opts place() {
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = 1;
    options.priority = 1;
    return options;
  }
};

}  // namespace

Result<UniqueFd> program_by_id(uint32_t id) {
  UniqueFd out(bpf_prog_get_fd_by_id(id));
  if (!out) return fail_errno("open program", fmt::format("id {}", id));
  return out;
}

Result<uint32_t> program_id(int program_fd) {
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) return fail_errno("query", "program");
  return info.id;
}

Result<std::unique_ptr<Attacher>> make_attacher(AttachMode mode, uint32_t probe_ifindex) {
  if (mode != AttachMode::clsact) {
    auto tcx = std::make_unique<TcxAttacher>();
    const auto answer = tcx->attached(probe_ifindex);
    if (answer) return std::unique_ptr<Attacher>(std::move(tcx));
    if (mode == AttachMode::tcx || answer.error().code != EINVAL) return tl::unexpected(answer.error());
  }
  return std::unique_ptr<Attacher>(std::make_unique<ClsactAttacher>());
}

}  // namespace ginnel::dataplane
