// The region's own certificate authority, kept in DIR/ca: ca.crt (for everybody) and ca.key (mode 0600).
//
// Made at the first start, loaded afterwards. It signs the certificates of the region's own listeners and, for people
// who want them, of services behind the relay. Safe from any thread once it is made.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "tls/subject_names.h"

namespace ginnel::tls {

// PEM texts. `chain` holds the server's certificate alone: clients hold the authority's.
struct Certificate {
  std::string chain;
  std::string key;
};

// RSA for those who check signatures of messages (SNS); P-256 else.
enum class KeyKind { p256, rsa2048 };

class Authority {
 public:
  // Loads the authority of `folder`, or makes it (and the folder, mode 0711) where there is none. A broken, expired or
  // half-missing one is an error that names the file: it is never replaced, because clients hold its certificate.
  static Result<Authority> open(const std::string& folder, const Clock& clock, RandomSource& random);

  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  // A certificate for a server with these names, with a new key, good for 396 days.
  Result<Certificate> issue(const SubjectNames& names, const Clock& clock, RandomSource& random,
                            KeyKind kind = KeyKind::p256) const;
  // Whether this authority signed the certificate (PEM).
  [[nodiscard]] bool has_signed(const std::string& certificate_pem) const;

  [[nodiscard]] const std::string& certificate_pem() const;
  [[nodiscard]] const std::string& certificate_path() const;
  [[nodiscard]] const std::string& name() const;  // "Ginnel CA 3f0a…"

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ginnel::tls
