// Certificates kept as files: DIR/NAME.crt and DIR/NAME.key (mode 0600), made anew when they no longer serve.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "tls/authority.h"
#include "tls/subject_names.h"

namespace ginnel::tls {

struct KeptCertificate {
  Certificate certificate;
  std::string certificate_path, key_path;
  WallTime expires;
  // Why it was made anew at this call, for the log ("…/api.crt has 12 days left"); empty where the files serve.
  std::string reissued_because;
};

// The certificate of the files, if it is whole, signed by `authority`, for exactly these names and good for 30 days
// more; else a new one with a key of this kind, written before this returns. A file that is broken is replaced and
// named in the reason: unlike the authority's own files nothing is lost with it. Errors: names that cannot stand in a
// certificate, unwritable files. One caller at a time for one `name` (which is a plain file name).
Result<KeptCertificate> ensure_certificate(const Authority& authority, const std::string& folder,
                                           const std::string& name, const SubjectNames& names, const Clock& clock,
                                           RandomSource& random, KeyKind kind = KeyKind::p256);

}  // namespace ginnel::tls
