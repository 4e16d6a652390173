// A notification in the form that Amazon SNS posts to an HTTP endpoint ("Parsing Amazon SNS message formats",
// "Verifying the signatures of Amazon SNS messages"). Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tls/signer.h"

namespace ginnel::notify {

struct Message {
  std::string id;     // a UUID, the same in every attempt
  std::string topic;  // ARN
  std::string text;   // the Message of the form
  WallTime created;
};

// What is signed: names and values in turn, each with a line feed, in the order of the names. There is no Subject.
[[nodiscard]] std::string string_to_sign(const Message& message);
// The body: a JSON object with SignatureVersion 2 (SHA-256 with RSA).
Result<std::string> notification(const Message& message, const tls::Signer& signer, const std::string& certificate_url);

// "/SimpleNotificationService-HASH.pem", where the signer's certificate is to be had.
[[nodiscard]] std::string certificate_path(const tls::Signer& signer);

}  // namespace ginnel::notify
