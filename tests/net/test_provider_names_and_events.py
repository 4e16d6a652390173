"""What a provider's service has besides packets: a private name that is verified, and notifications of connections."""
import base64
import contextlib
import http.server
import json
import re
import ssl
import subprocess
import threading
import urllib.parse
import urllib.request

import pytest
import upstream_dns
from balancer import LoadBalancer, Service
from network import ANYWHERE, Vpc, echo, tcp_server
from region import Region, free_port
from waiting import wait_for

NAME = "db.example.net"
TOPIC, OTHER_TOPIC = (f"arn:aws:sns:ap-northeast-1:111122223333:{name}" for name in ("connections", "dead"))
PORT = 5432


@pytest.fixture
def balancer(vpc):
    return LoadBalancer(vpc)


def name_state(service):
    found = service.ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service.id])["ServiceConfigurations"][0]
    return found["PrivateDnsNameConfiguration"]


def verify(service, state):
    service.ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=service.id)
    wait_for(lambda: name_state(service)["State"] == state, f"{NAME} to be {state}")


def test_a_private_name_is_verified_by_its_txt_record(region, vpc, balancer):
    service = Service(balancer, PrivateDnsName=NAME)
    asked = name_state(service)
    assert asked["State"] == "pendingVerification" and asked["Type"] == "TXT" and asked["Value"].startswith("vpce:")
    consumer = Vpc(region, region.new_account())
    with pytest.raises(consumer.ec2.exceptions.ClientError, match="has not verified the private DNS name"):
        service.ask(consumer, PrivateDnsEnabled=True)

    record = (f"{asked['Name']}.{NAME}.".lower(), "TXT")
    upstream_dns.RECORDS[record] = ('"vpce:something-else"',)
    try:
        verify(service, "failed")  # it is looked for as long as the configuration says
        upstream_dns.RECORDS[record] = ('"unrelated"', f'"{asked["Value"]}"')
        verify(service, "verified")
    finally:
        del upstream_dns.RECORDS[record]

    server = vpc.instance("10.0.1.10", [vpc.group(ANYWHERE)])
    with tcp_server(echo, server.address, PORT, server.id):
        balancer.listen(PORT, [server.address])
        endpoint = consumer.available(service.ask(consumer, PrivateDnsEnabled=True))
        client = consumer.instance()
        assert client.resolve(NAME) == consumer.addresses(endpoint)
        assert vpc.instance().resolve(NAME) == []  # the provider's own VPC has no endpoint
        with client.connect(client.resolve(NAME)[0], PORT) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"hello"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 500 to the first POST of each message, and 200 to the next."""
    seen = []

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        first = message["MessageId"] not in [each["MessageId"] for each, _ in Receiver.seen]
        Receiver.seen.append((message, dict(self.headers)))
        self.send_response(500 if first else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiver():
    Receiver.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def assert_signed(region, message):
    """The signature of an SNS notification of version 2, by the certificate that the message names."""
    url = urllib.parse.urlsplit(message["SigningCertURL"])
    assert url.scheme == "https" and url.netloc == "sns.ap-northeast-1.amazonaws.com"
    with urllib.request.urlopen(region.endpoint + url.path, context=ssl.create_default_context(cafile=region.ca_path())) as answer:
        certificate = answer.read()
    text = "".join(f"{key}\n{message[key]}\n" for key in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    folder = region.state_dir
    for name, content in (("signed", text.encode()), ("signature", base64.b64decode(message["Signature"])), ("pem", certificate)):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(content)
    key = subprocess.run(["openssl", "x509", "-in", f"{folder}/pem", "-noout", "-pubkey"], capture_output=True, check=True).stdout
    with open(f"{folder}/key", "wb") as file:
        file.write(key)
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{folder}/key", "-signature", f"{folder}/signature", f"{folder}/signed"],
                   capture_output=True, check=True)


def test_notifications_reach_their_webhook():
    """In a region without packets; a receiver that is dead does not hold up the other."""
    with receiver() as port:
        config = f"""
[[webhook]]
topic = "{TOPIC}"
url = "http://127.0.0.1:{port}/hook"

[[webhook]]
topic = "{OTHER_TOPIC}"
url = "http://127.0.0.1:{free_port()}/nobody"
"""
        with Region(dataplane="off", config=config) as region:
            provider, consumer = Vpc(region, region.new_account()), Vpc(region, region.new_account())
            service = Service(LoadBalancer(provider), acceptance=True)
            for topic in (TOPIC, OTHER_TOPIC):
                service.ec2.create_vpc_endpoint_connection_notification(
                    ServiceId=service.id, ConnectionNotificationArn=topic,
                    ConnectionEvents=["Connect", "Accept", "Reject", "Delete"])
            endpoint = service.ask(consumer)
            service.accept(endpoint)
            service.reject(endpoint)
            consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])

            def delivered():
                return len(Receiver.seen) >= 8 and Receiver.seen
            seen = wait_for(delivered, "four notifications, each sent again", 60)
            messages = [message for message, _ in seen][::2]
            assert [message["MessageId"] for message, _ in seen][1::2] == [message["MessageId"] for message in messages]
            events = [json.loads(message["Message"]) for message in messages]
            assert [event["event"] for event in events] == ["Connect", "Accept", "Reject", "Delete"]
            assert {event["vpcEndpointId"] for event in events} == {endpoint}
            for message, headers in seen:
                assert message["Type"] == "Notification" and message["TopicArn"] == TOPIC
                assert headers["x-amz-sns-message-type"] == "Notification"
                assert re.fullmatch(r"[0-9a-f-]{36}", message["MessageId"])
                assert_signed(region, message)
