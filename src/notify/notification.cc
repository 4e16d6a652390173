#include "notify/notification.h"

#include <boost/json.hpp>

namespace ginnel::notify {
namespace {

constexpr size_t kHashDigits = 32;

}  // namespace

std::string string_to_sign(const Message& message) {
  const std::pair<std::string_view, std::string> lines[] = {{"Message", message.text},
                                                            {"MessageId", message.id},
                                                            {"Timestamp", to_iso8601(message.created)},
                                                            {"TopicArn", message.topic},
                                                            {"Type", "Notification"}};
  std::string out;
  for (const auto& [name, value] : lines) out.append(name).append("\n").append(value).append("\n");
  return out;
}

Result<std::string> notification(const Message& message, const tls::Signer& signer,
                                 const std::string& certificate_url) {
  GINNEL_TRY(const std::string signature, signer.sign(string_to_sign(message)));
  return boost::json::serialize(boost::json::object{{"Type", "Notification"},
                                                    {"MessageId", message.id},
                                                    {"TopicArn", message.topic},
                                                    {"Message", message.text},
                                                    {"Timestamp", to_iso8601(message.created)},
                                                    {"SignatureVersion", "2"},
                                                    {"Signature", signature},
                                                    {"SigningCertURL", certificate_url}});
}

std::string certificate_path(const tls::Signer& signer) {
  return "/SimpleNotificationService-" + signer.fingerprint().substr(0, kHashDigits) + ".pem";
}

}  // namespace ginnel::notify
