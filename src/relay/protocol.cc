#include "relay/protocol.h"

#include <boost/json.hpp>
#include <limits>

namespace ginnel::relay {
namespace {

namespace json = boost::json;

constexpr const char* kOperation = "read relay message";

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// Reads members and keeps the first error, so that a decoder reads as a list of members.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}

  std::string text(const char* name) {
    const json::value* value = member(name, &json::value::is_string);
    return value ? std::string(value->get_string().data(), value->get_string().size()) : "";
  }
  bool flag(const char* name) {
    const json::value* value = member(name, &json::value::is_bool);
    return value && value->get_bool();
  }
  template <typename T>
  T number(const char* name) {
    const json::value* value = object_.if_contains(name);
    boost::system::error_code error;
    const T out = value && value->is_number() ? value->to_number<T>(error) : T{};
    if (!value || !value->is_number() || error) note(name);
    return out;
  }
  IpAddress address(const char* name) {
    const Result<IpAddress> parsed = IpAddress::parse(text(name));
    if (!parsed) note(name);
    return parsed ? *parsed : IpAddress();
  }
  template <typename Each>
  void list(const char* name, Each each) {
    const json::value* value = member(name, &json::value::is_array);
    if (!value) return;
    for (const json::value& element : value->get_array()) {
      if (!element.is_object()) return note(name);
      Reader reader(element.get_object());
      each(reader);
      if (!reader.status()) status_ = reader.status();
    }
  }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  const json::value* member(const char* name, bool (json::value::*has_kind)() const noexcept) {
    const json::value* value = object_.if_contains(name);
    if (value && (value->*has_kind)()) return value;
    note(name);
    return nullptr;
  }
  void note(const char* name) {
    if (status_) status_ = fail(kOperation, std::string("\"") + name + "\"", "missing or not of its kind");
  }

  const json::object& object_;
  Status status_;
};

Result<json::object> parse_object(std::string_view line) {
  boost::system::error_code error;
  json::value value = json::parse(view(line), error);
  if (error) return fail(kOperation, "", error.message());
  if (!value.is_object()) return fail(kOperation, "", "not a JSON object");
  return std::move(value.get_object());
}

json::object to_json(const plan::RelayService& service) {
  return {{"name", service.name},
          {"listen_port", service.listen_port},
          {"upstream_host", service.upstream_host},
          {"upstream_port", service.upstream_port}};
}

plan::RelayService read_service(Reader& reader) {
  return {reader.text("name"), reader.number<uint16_t>("listen_port"), reader.text("upstream_host"),
          reader.number<uint16_t>("upstream_port")};
}

json::object to_json(const ServiceStatus& status) {
  json::object out = to_json(status.counters.spec);
  out["address"] = status.address.to_string();
  out["listening"] = status.listening;
  out["error"] = status.error;
  out["open"] = status.counters.open;
  out["accepted"] = status.counters.accepted;
  out["refused"] = status.counters.refused;
  out["failed"] = status.counters.failed;
  out["bytes_up"] = status.counters.bytes_up;
  out["bytes_down"] = status.counters.bytes_down;
  out["last_error"] = status.counters.last_error;
  return out;
}

ServiceStatus read_status(Reader& reader) {
  ServiceStatus out;
  out.counters.spec = read_service(reader);
  out.address = reader.address("address");
  out.listening = reader.flag("listening");
  out.error = reader.text("error");
  out.counters.open = reader.number<uint64_t>("open");
  out.counters.accepted = reader.number<uint64_t>("accepted");
  out.counters.refused = reader.number<uint64_t>("refused");
  out.counters.failed = reader.number<uint64_t>("failed");
  out.counters.bytes_up = reader.number<uint64_t>("bytes_up");
  out.counters.bytes_down = reader.number<uint64_t>("bytes_down");
  out.counters.last_error = reader.text("last_error");
  return out;
}

}  // namespace

std::string encode(const Command& command) {
  json::object out{{"protocol", command.protocol}, {"op", command.op}};
  if (command.op == "set_services") {
    json::array services;
    for (const plan::RelayService& service : command.services) services.push_back(to_json(service));
    out["address"] = command.address.to_string();
    out["close_removed"] = command.close_removed;
    out["services"] = std::move(services);
  }
  return json::serialize(out);
}

std::string encode(const Reply& reply) {
  json::array services;
  for (const ServiceStatus& status : reply.status.services) services.push_back(to_json(status));
  return json::serialize(json::object{{"protocol", reply.protocol},
                                      {"ok", reply.ok},
                                      {"error", reply.error},
                                      {"pid", reply.pid},
                                      {"connections", reply.status.connections},
                                      {"most_connections", reply.status.most_connections},
                                      {"services", std::move(services)}});
}

Result<Command> decode_command(std::string_view line) {
  GINNEL_TRY(const json::object object, parse_object(line));
  Reader reader(object);
  Command out;
  out.protocol = reader.number<uint32_t>("protocol");
  out.op = reader.text("op");
  if (out.protocol == kProtocol && out.op == "set_services") {
    out.address = reader.address("address");
    out.close_removed = reader.flag("close_removed");
    reader.list("services", [&](Reader& element) { out.services.push_back(read_service(element)); });
  }
  GINNEL_CHECKED(reader.status());
  return out;
}

Result<Reply> decode_reply(std::string_view line) {
  GINNEL_TRY(const json::object object, parse_object(line));
  Reader reader(object);
  Reply out;
  out.protocol = reader.number<uint32_t>("protocol");
  out.ok = reader.flag("ok");
  out.error = reader.text("error");
  out.pid = reader.number<int64_t>("pid");
  if (out.protocol == kProtocol) {
    out.status.connections = reader.number<uint64_t>("connections");
    out.status.most_connections = reader.number<uint64_t>("most_connections");
    reader.list("services", [&](Reader& element) { out.status.services.push_back(read_status(element)); });
  }
  GINNEL_CHECKED(reader.status());
  return out;
}

}  // namespace ginnel::relay
