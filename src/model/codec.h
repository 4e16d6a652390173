// Described structs to JSON and back, for the store.
//
// Reading is tolerant towards older documents (a missing member keeps its default) and strict towards broken ones
// (a member of the wrong kind is an error that names it). Members that are not known are ignored, so that a
// document of a newer minor version can be read.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"
#include "model/resources.h"

namespace ginnel::model {

namespace detail {

template <typename T>
inline constexpr bool kDescribed = boost::describe::has_describe_members<T>::value;

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
boost::json::value to_json(const T& value) {
  if constexpr (std::is_same_v<T, TagMap>) {
    boost::json::object object;
    for (const auto& [key, tag] : value) object.emplace(key, tag);
    return object;
  } else if constexpr (IsVector<T>::value) {
    boost::json::array array;
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else if constexpr (kDescribed<T>) {
    boost::json::object object;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) { object.emplace(member.name, to_json(value.*member.pointer)); });
    return object;
  } else {
    return boost::json::value(value);
  }
}

template <typename T>
Status from_json(const boost::json::value& json, std::string_view name, T& out) {
  const auto wrong = [&](std::string_view want) { return fail("read member", name, "it is not " + std::string(want)); };
  if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_bool()) return wrong("a boolean");
    out = json.get_bool();
  } else if constexpr (std::is_integral_v<T>) {
    boost::system::error_code error;
    out = json.to_number<T>(error);
    if (error) return wrong("a number in range");
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.is_string()) return wrong("a string");
    out.assign(json.get_string().data(), json.get_string().size());
  } else if constexpr (std::is_same_v<T, TagMap>) {
    if (!json.is_object()) return wrong("an object");
    for (const auto& [key, tag] : json.get_object()) GINNEL_CHECKED(from_json(tag, key, out[std::string(key)]));
  } else if constexpr (IsVector<T>::value) {
    if (!json.is_array()) return wrong("an array");
    for (const auto& item : json.get_array()) GINNEL_CHECKED(from_json(item, name, out.emplace_back()));
  } else {
    static_assert(kDescribed<T>, "a described struct");
    if (!json.is_object()) return wrong("an object");
    Status status;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
      const auto* found = json.get_object().if_contains(member.name);
      if (status && found) status = from_json(*found, member.name, out.*member.pointer);
    });
    return status;
  }
  return {};
}

}  // namespace detail

template <typename T>
[[nodiscard]] std::string encode(const T& resource) {
  return boost::json::serialize(detail::to_json(resource));
}

template <typename T>
[[nodiscard]] Result<T> decode(std::string_view text) {
  boost::system::error_code error;
  const auto json = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error) return fail("read", T::kKind, error.message());
  T resource;
  GINNEL_CHECKED(detail::from_json(json, T::kKind, resource));
  return resource;
}

}  // namespace ginnel::model
