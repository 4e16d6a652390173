// Stands before those functions of libbpf that would ask the kernel. What the program and its maps are is read by
// libbpf itself from the object that the kernel gets; here they lead to the variables and functions of the same names
// in this executable, which must be linked with --export-dynamic.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>

#include "machine.h"

namespace ginnel::packet_test::native {
namespace {

struct Loaded {
  const bpf_program* program = nullptr;
  const bpf_object* object = nullptr;
  void* function = nullptr;
};

// The place is the descriptor. The last with the program's address counts: those before it are gone.
std::vector<Loaded>& programs() {
  static std::vector<Loaded> all;
  return all;
}

const bpf_object* g_active = nullptr;  // NOLINT: whose constants stand

int failed(int error) {
  errno = -error;
  return error;
}

int with_map(int fd, const std::function<int(MapOf&)>& action) {
  const auto map = Machine::get().by_number(fd);
  if (!map) return failed(-EBADF);
  const int result = action(*map);
  MapOf::forget_old();
  return result < 0 ? failed(result) : result;
}

// Constants lie in pages that are not writable; those of the program get the values that the loader set.
void set_constant(void* at, const void* value, size_t size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)),
             begin = reinterpret_cast<uintptr_t>(at) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(at) + size + page - 1) & ~(page - 1);
  if (mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ | PROT_WRITE) != 0) std::abort();
  std::memcpy(at, value, size);
}

void set_constants(const bpf_object* object, const bpf_map* map) {
  size_t size = 0;
  const auto* values = static_cast<const uint8_t*>(bpf_map__initial_value(const_cast<bpf_map*>(map), &size));
  const btf* types = bpf_object__btf(object);
  const btf_type* section =
      btf__type_by_id(types, static_cast<uint32_t>(btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC)));
  for (int i = 0; i < btf_vlen(section); i++) {
    const btf_var_secinfo& place = btf_var_secinfos(section)[i];
    const char* name = btf__name_by_offset(types, btf__type_by_id(types, place.type)->name_off);
    if (void* at = dlsym(RTLD_DEFAULT, name)) set_constant(at, values + place.offset, place.size);
  }
}

// The constants are one for all that are loaded, too.
void activate(const bpf_object* object) {
  Machine::get().activate(object);
  if (g_active == object) return;
  g_active = object;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::string_view(bpf_map__name(map)).ends_with(".rodata")) set_constants(object, map);
  }
}

int add_map(const bpf_object* object, const bpf_map* map) {
  const char* name = bpf_map__name(map);
  if (bpf_map__is_internal(map)) return 0;  // the executable has its own
  void* definition = dlsym(RTLD_DEFAULT, name);
  if (definition == nullptr) return -ENOENT;
  const Shape shape{bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map), bpf_map__max_entries(map)};
  Machine::get().add(object, definition, map, std::make_shared<MapOf>(name, shape));
  return 0;
}

// So many bytes of a packet are directly readable; the rest must be asked for. GINNEL_NATIVE_LINEAR: fewer.
size_t linear_bytes(size_t size) {
  const char* given = std::getenv("GINNEL_NATIVE_LINEAR");
  return given != nullptr ? std::min<size_t>(size, std::strtoul(given, nullptr, 10)) : size;
}

}  // namespace
}  // namespace ginnel::packet_test::native

using namespace ginnel::packet_test::native;  // NOLINT

extern "C" {

int bpf_object__load_skeleton(bpf_object_skeleton* skeleton) {
  const bpf_object* object = *skeleton->obj;
  Machine::get().begin(object);
  g_active = nullptr;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (const int error = add_map(object, map); error != 0) return failed(error);
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    programs().push_back({program, object, dlsym(RTLD_DEFAULT, bpf_program__name(program))});
  }
  return 0;
}

int bpf_map__fd(const bpf_map* map) { return Machine::get().number_of(static_cast<const void*>(map)); }

int bpf_map_lookup_elem(int fd, const void* key, void* value) {
  return with_map(fd, [&](MapOf& map) {
    const uint8_t* found = map.lookup(static_cast<const uint8_t*>(key));
    if (found == nullptr) return -ENOENT;
    std::memcpy(value, found, map.shape().value_size);
    return 0;
  });
}

int bpf_map_update_elem(int fd, const void* key, const void* value, __u64 flags) {
  return with_map(fd, [&](MapOf& map) {
    const auto* bytes = static_cast<const uint8_t*>(key);
    const int result = map.update(bytes, static_cast<const uint8_t*>(value), flags);
    if (result != 0 || map.shape().type != BPF_MAP_TYPE_HASH_OF_MAPS) return result;
    int inner = 0;
    std::memcpy(&inner, value, sizeof inner);
    map.put_inner(bytes, Machine::get().by_number(inner));
    return 0;
  });
}

int bpf_map_delete_elem(int fd, const void* key) {
  return with_map(fd, [&](MapOf& map) { return map.remove(static_cast<const uint8_t*>(key)); });
}

int bpf_map_get_next_key(int fd, const void* key, void* next) {
  return with_map(fd,
                  [&](MapOf& map) { return map.next(static_cast<const uint8_t*>(key), static_cast<uint8_t*>(next)); });
}

int bpf_map_create(bpf_map_type type, const char* name, __u32 key_size, __u32 value_size, __u32 max_entries,
                   const bpf_map_create_opts*) {
  return Machine::get().number_of(std::make_shared<MapOf>(name, Shape{type, key_size, value_size, max_entries}));
}

int bpf_program__fd(const bpf_program* program) {
  for (size_t i = programs().size(); i-- > 0;) {
    if (programs()[i].program == program) return static_cast<int>(i);
  }
  return failed(-ENOENT);
}

int bpf_prog_test_run_opts(int program, bpf_test_run_opts* options) {
  const Loaded& loaded = programs().at(static_cast<size_t>(program));
  if (bpf_program__type(loaded.program) == BPF_PROG_TYPE_SYSCALL) {
    activate(loaded.object);
    const auto call = reinterpret_cast<int (*)(void*)>(loaded.function);
    options->retval = static_cast<__u32>(call(const_cast<void*>(options->ctx_in)));
    MapOf::forget_old();
    return 0;
  }
  if (options->data_size_in < 14) return failed(-EINVAL);  // ETH_HLEN, as in the kernel
  const auto* bytes = static_cast<const uint8_t*>(options->data_in);
  Packet packet(bytes, options->data_size_in, linear_bytes(options->data_size_in));
  const auto* given = static_cast<const __sk_buff*>(options->ctx_in);
  packet.context.ifindex = given->ifindex;
  packet.context.gso_size = given->gso_size;
  packet.context.mark = given->mark;
  uint16_t protocol = 0;
  std::memcpy(&protocol, bytes + 12, sizeof protocol);
  packet.context.protocol = protocol;
  redirection() = {};
  activate(loaded.object);
  const auto run = reinterpret_cast<int (*)(__sk_buff*)>(loaded.function);
  options->retval = static_cast<__u32>(run(&packet.context));
  MapOf::forget_old();
  const Bytes out = packet.all();
  if (out.size() > options->data_size_out) return failed(-ENOSPC);
  std::memcpy(options->data_out, out.data(), out.size());
  options->data_size_out = static_cast<__u32>(out.size());
  return 0;
}

int libbpf_num_possible_cpus(void) { return 1; }

int bpf_tc_hook_create(bpf_tc_hook*) { return failed(-EOPNOTSUPP); }
int bpf_tc_attach(const bpf_tc_hook*, bpf_tc_opts*) { return failed(-EOPNOTSUPP); }

}  // extern "C"
