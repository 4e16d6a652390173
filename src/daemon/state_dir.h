// The state directory: everything that a region keeps between starts.
//
//   store.db      the store            ca/, certs/    the local CA and the services' certificates
//   tag           marks kernel objects of this region: 8 hexadecimal digits
//   credentials   the first account's key, in the AWS credentials-file format, mode 0600
//   control.sock  the daemon's socket  relay.sock, relay.log  the relay's
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "model/resources.h"

namespace ginnel::daemon {

struct StateDir {
  std::string path;
  std::string tag;

  // Makes the directory and its tag where they are missing. Its mode is 0711: what is secret in it has a mode of its
  // own, and everybody may read ca/ca.crt, to which `ginnel env` leads.
  static Result<StateDir> open(const std::string& path, RandomSource& random);
  // Of a directory that exists; an Error where it has no valid tag.
  static Result<StateDir> read(const std::string& path);

  [[nodiscard]] std::string file(std::string_view name) const { return path + '/' + std::string(name); }
  Status write_credentials(const model::AccessKey& key, const std::string& region) const;
};

}  // namespace ginnel::daemon
