// The OpenSSL context of a TLS server. Internal to this module.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "tls/authority.h"

namespace ginnel::http {

// TLS 1.2 and 1.3, ALPN "http/1.1", no client certificates.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_context(const tls::Certificate& certificate);

}  // namespace ginnel::http
