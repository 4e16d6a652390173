"""What receivers of notifications need of the daemon: the signing certificate, without a signature."""
import hashlib
import os
import socket
import ssl
import urllib.error
import urllib.request

import pytest

HOST = "sns.ap-northeast-1.amazonaws.com"


def _certificate(region):
    with open(os.path.join(region.state_dir, "certs", "_notifications.crt"), encoding="ascii") as file:
        pem = file.read()
    return pem, hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()[:32]


def _get(region, path, method="GET"):
    request = urllib.request.Request(region.endpoint + path, method=method)
    with urllib.request.urlopen(request, timeout=30, context=ssl.create_default_context(cafile=region.ca_path())) as answer:
        return answer.read().decode()


def test_the_signing_certificate_is_served_without_a_signature(region):
    pem, digest = _certificate(region)
    assert _get(region, f"/SimpleNotificationService-{digest}.pem") == pem


@pytest.mark.parametrize("path, method", [("/SimpleNotificationService-0.pem", "GET"), ("/x/SimpleNotificationService-{}.pem", "GET"),
                                          ("/SimpleNotificationService-{}.pem", "POST")])
def test_nothing_else_is(region, path, method):
    with pytest.raises(urllib.error.HTTPError) as caught:
        _get(region, path.format(_certificate(region)[1]), method)
    assert caught.value.code in (400, 403)


def test_the_api_has_a_certificate_for_the_name_that_it_is_fetched_from(region):
    context = ssl.create_default_context(cafile=region.ca_path())
    with socket.create_connection(("127.0.0.1", region.port), 30) as plain, context.wrap_socket(plain, server_hostname=HOST) as tls:
        assert ("DNS", HOST) in tls.getpeercert()["subjectAltName"]
