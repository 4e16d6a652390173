"""Requests that botocore signs are accepted, and refused once they are changed."""
import datetime
import unittest

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.session
import judge

KEY = botocore.credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = "ec2.us-east-1.amazonaws.com"


def seconds(basic):
    time = datetime.datetime.strptime(basic, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    return int(time.timestamp())


def verify(method, url, headers, body, at):
    target = url.split("://", 1)[1]
    host, slash, rest = target.partition("/")
    lines = [method, slash + rest if slash else "/"]
    sent = {key.lower(): value if isinstance(value, str) else value.decode() for key, value in headers.items()}
    lines += [f"{key}: {value}" for key, value in {"host": host, **sent}.items()]
    raw = "\n".join(lines).encode() + b"\n\n" + (body.encode() if isinstance(body, str) else body or b"")
    return judge.probe("verify", str(at), stdin=raw).strip()


def signed(method, url, body="", headers=None, signer=botocore.auth.SigV4Auth, service="ec2"):
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers or {})
    signer(KEY, service, "us-east-1").add_auth(request)
    return request.prepare()


class Sent(Exception):
    """Carries a request out of a client that would send it."""


def sent_by_client(service, operation, **parameters):
    session = botocore.session.Session()
    session.set_credentials(KEY.access_key, KEY.secret_key)
    client = session.create_client(service, region_name="us-east-1",
                                   config=botocore.config.Config(retries={"max_attempts": 0}))

    def keep(request, **_):
        raise Sent(request)

    client.meta.events.register("before-send.*.*", keep)
    try:
        getattr(client, operation)(**parameters)
    except Sent as sent:
        return sent.args[0]
    raise AssertionError("nothing was sent")


class Signatures(unittest.TestCase):
    def test_what_a_client_sends_is_accepted(self):
        for service, operation, parameters in (
                ("ec2", "describe_vpcs", {"Filters": [{"Name": "tag:Name", "Values": ["a b+c=d/é*~"]}]}),
                ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
                ("elbv2", "describe_load_balancers", {"Names": ["a", "b"]}),
                ("sts", "get_caller_identity", {})):
            with self.subTest(operation=operation):
                request = sent_by_client(service, operation, **parameters)
                at = seconds(request.headers["X-Amz-Date"].decode())
                self.assertEqual(verify(request.method, request.url, request.headers, request.body, at), "accepted")
                body = request.body if isinstance(request.body, bytes) else request.body.encode()
                answer = verify(request.method, request.url, request.headers, body + b"&X=1", at)
                self.assertTrue(answer.startswith("SignatureDoesNotMatch"), answer)

    def test_paths_queries_and_headers_are_made_canonical_as_botocore_does(self):
        for path in ("/", "/a/b", "/a//b/", "/a/./b/../c", "/..", "/a%20b", "/a%2Fb", "/%E1%88%B4", "/a~b_c-d.e", "/a+b", "/a*b",
                     "/?a=1&b=2", "/?b=2&a=1", "/?a=2&a=1", "/?a", "/?a=", "/?a=%20&b=%2B", "/?B=1&a=2&A=3", "/?a=%2F%3D"):
            with self.subTest(path=path):
                headers = {"X-Odd": "  a   b\tc ", "Content-Type": "text/plain"}
                request = signed("POST", f"https://{HOST}{path}", "body", headers)
                self.assertEqual(verify(request.method, request.url, request.headers, request.body,
                                        seconds(request.headers["X-Amz-Date"])), "accepted")

    def test_presigned_requests_are_accepted(self):
        for method, query in (("GET", "Action=DescribeRegions&Version=2016-11-15"), ("GET", "b=2&a=%20"), ("POST", "")):
            with self.subTest(query=query):
                request = signed(method, f"https://{HOST}/?{query}", signer=botocore.auth.SigV4QueryAuth)
                date = request.url.split("X-Amz-Date=")[1][:16]
                self.assertEqual(verify(method, request.url, {}, b"", seconds(date)), "accepted")
                self.assertTrue(verify(method, request.url + "&x=1", {}, b"", seconds(date)).startswith("Signature"))

    def test_another_key_is_unknown(self):
        request = signed("POST", f"https://{HOST}/", "body")
        headers = {key: value.replace("AKIDEXAMPLE", "AKIDOTHER") for key, value in request.headers.items()}
        answer = verify("POST", request.url, headers, b"body", seconds(headers["X-Amz-Date"]))
        self.assertTrue(answer.startswith("AuthFailure"), answer)


if __name__ == "__main__":
    unittest.main()
