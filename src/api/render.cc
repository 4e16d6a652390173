#include "api/render.h"

#include <fmt/format.h>

#include "api/service.h"
#include "base/check.h"

namespace ginnel::api {
namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string success(const ServiceForm& service, std::string_view action, std::string_view body, std::string_view id) {
  if (service.protocol == aws::Protocol::kEc2) {
    return fmt::format("{0}<{1}Response xmlns=\"{2}\"><requestId>{3}</requestId>{4}</{1}Response>", kDeclaration,
                       action, service.xml_namespace, id, body);
  }
  return fmt::format(
      "{0}<{1}Response xmlns=\"{2}\"><{1}Result>{3}</{1}Result><ResponseMetadata><RequestId>{4}</RequestId>"
      "</ResponseMetadata></{1}Response>",
      kDeclaration, action, service.xml_namespace, body, id);
}

std::string ec2_failure(const aws::ApiError& error, std::string_view id) {
  aws::XmlWriter xml;
  xml.open("Response");
  xml.open("Errors");
  xml.open("Error");
  xml.element("Code", error.code);
  xml.element("Message", error.message);
  xml.close();
  xml.close();
  xml.element("RequestID", id);
  return xml.finish();
}

std::string query_failure(const aws::ApiError& error, std::string_view xml_namespace, std::string_view id) {
  aws::XmlWriter xml;
  xml.open("ErrorResponse", xml_namespace);
  xml.open("Error");
  xml.element("Type", error.fault == aws::Fault::kSender ? "Sender" : "Receiver");
  xml.element("Code", error.code);
  xml.element("Message", error.message);
  xml.close();
  xml.element("RequestId", id);
  return xml.finish();
}

}  // namespace

Rendered render(std::string_view service, std::string_view action, const aws::ApiResult<Outcome>& result,
                std::string_view request_id) {
  const ServiceForm* form = find_service(service);
  const bool is_query = form != nullptr && form->protocol == aws::Protocol::kQuery;
  Rendered out{200, is_query ? "text/xml" : "text/xml;charset=UTF-8", {}};
  if (!result) {
    out.status = result.error().http_status;
    out.body = is_query ? query_failure(result.error(), form->xml_namespace, request_id)
                        : ec2_failure(result.error(), request_id);
    return out;
  }
  GINNEL_CHECK(form != nullptr, "only a known service has outcomes");
  out.body = success(*form, action, result->body, request_id);
  return out;
}

}  // namespace ginnel::api
