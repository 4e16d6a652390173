#include "http/tls_context.h"

#include <string_view>

namespace ginnel::http {
namespace {

namespace ssl = boost::asio::ssl;

// RFC 7301. A client that offers only other protocols goes on without one, as most servers let it.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_server_context(const tls::Certificate& certificate) {
  boost::system::error_code error;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1) return fail("set up TLS", "", "no TLS 1.2");
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // idle connections hold no buffers
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  context->use_certificate_chain(boost::asio::buffer(certificate.chain), error);
  if (error) return fail("set up TLS", "certificate", error.message());
  context->use_private_key(boost::asio::buffer(certificate.key), ssl::context::pem, error);
  if (error) return fail("set up TLS", "private key", error.message());
  if (SSL_CTX_check_private_key(native) != 1) return fail("set up TLS", "private key", "not that of the certificate");
  return context;
}

}  // namespace ginnel::http
