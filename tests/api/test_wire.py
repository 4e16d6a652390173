"""What every call shares: the signature, the forms of errors, DryRun, unknown actions and parameters."""
import datetime
import ssl
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from errors import api_error
from region import Account


def send(region, account, body, service="ec2", skew=datetime.timedelta(0), sign=True, method="POST", tamper=None,
         expires=None):
    """One signed request by hand; (status, body as text, headers)."""
    url = region.endpoint + "/"
    request = botocore.awsrequest.AWSRequest(method, url, data=body if method == "POST" else None,
                                             params=dict(p.split("=") for p in body.split("&")) if method == "GET" else None)
    if method == "POST":
        request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    if sign:
        credentials = botocore.credentials.Credentials(account.access_key_id, account.secret_access_key)
        kind = botocore.auth.SigV4QueryAuth if expires else botocore.auth.SigV4Auth
        signer = kind(credentials, service, region.name, **({"expires": expires} if expires else {}))
        real = botocore.auth.datetime.datetime

        class Shifted(real):
            @classmethod
            def utcnow(cls):
                return real.utcnow() + skew

        botocore.auth.datetime.datetime = Shifted
        try:
            signer.add_auth(request)
        finally:
            botocore.auth.datetime.datetime = real
    prepared = request.prepare()
    data = prepared.body
    if tamper:
        data = tamper(data)
    context = ssl.create_default_context(cafile=region.ca_path())
    raw = urllib.request.Request(prepared.url, data=data.encode() if isinstance(data, str) else data,
                                 headers=dict(prepared.headers), method=method)
    try:
        with urllib.request.urlopen(raw, context=context) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


DESCRIBE = "Action=DescribeRegions&Version=2016-11-15"


def test_a_signed_call_is_answered(region, account):
    status, body, headers = send(region, account, DESCRIBE)
    assert status == 200 and "DescribeRegionsResponse" in body
    assert "xml" in headers["Content-Type"]
    assert "<requestId>" in body


def test_a_presigned_call_is_answered(region, account):
    status, body, _ = send(region, account, DESCRIBE, method="GET", expires=60)
    assert status == 200, body


def test_an_expired_presigned_call_is_refused(region, account):
    status, body, _ = send(region, account, DESCRIBE, method="GET", expires=60, skew=datetime.timedelta(minutes=-5))
    assert status in (400, 403) and "Expired" in body


def test_an_unsigned_call_is_refused(region, account):
    status, body, _ = send(region, account, DESCRIBE, sign=False)
    assert status in (400, 401, 403) and "<Code>" in body and "DescribeRegionsResponse" not in body


def test_another_body_than_the_signed_one_is_refused(region, account):
    def swap(data):  # the same length, so that only the hash tells
        text = data.decode() if isinstance(data, bytes) else data
        return text.replace("2016-11-15", "2016-11-16")
    status, body, _ = send(region, account, DESCRIBE, tamper=swap)
    assert status == 403 and "SignatureDoesNotMatch" in body


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_is_off_by_more_than_15_minutes_is_refused(region, account, minutes):
    status, body, _ = send(region, account, DESCRIBE, skew=datetime.timedelta(minutes=minutes))
    assert status in (400, 403) and "<Code>" in body


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_off_by_less_is_fine(region, account, minutes):
    status, body, _ = send(region, account, DESCRIBE, skew=datetime.timedelta(minutes=minutes))
    assert status == 200, body


def test_a_wrong_secret_is_refused(region, account):
    stranger = Account(region, account.access_key_id, "x" * 40)
    for call in (stranger.ec2.describe_regions, stranger.elbv2.describe_load_balancers, stranger.sts.get_caller_identity):
        with api_error("SignatureDoesNotMatch"):
            call()


def test_an_unknown_key_is_refused(region):
    stranger = Account(region, "AKIAAAAAAAAAAAAAAAAA", "x" * 40)
    with api_error("AuthFailure"):
        stranger.ec2.describe_regions()
    with api_error("InvalidClientTokenId"):
        stranger.sts.get_caller_identity()


def test_another_region_in_the_scope_is_refused(region, account):
    foreign = Account(region, account.access_key_id, account.secret_access_key)
    foreign.region = type("Other", (), {"endpoint": region.endpoint, "name": "us-west-2", "ca_path": region.ca_path})()
    with api_error("SignatureDoesNotMatch", "us-west-2"):
        foreign.ec2.describe_vpcs()


def test_an_unknown_action_is_refused(region, account):
    status, body, _ = send(region, account, "Action=MakeCoffee&Version=2016-11-15")
    assert status == 400 and "<Code>InvalidAction</Code>" in body and "MakeCoffee" in body


def test_an_unknown_parameter_is_refused_by_name(region, account):
    status, body, _ = send(region, account, DESCRIBE + "&Sugar=2")
    assert status == 400 and "<Code>UnknownParameter</Code>" in body and "Sugar" in body


def test_a_missing_parameter_is_refused_by_name(region, account):
    status, body, _ = send(region, account, "Action=DeleteVpc&Version=2016-11-15")
    assert status == 400 and "<Code>MissingParameter</Code>" in body and "VpcId" in body


def test_error_forms(region, account):
    _, ec2, _ = send(region, account, "Action=DeleteVpc&Version=2016-11-15")
    assert "<Response><Errors><Error><Code>" in ec2.replace("\n", "") and "<RequestID>" in ec2
    _, elb, _ = send(region, account, "Action=Nothing&Version=2015-12-01", service="elasticloadbalancing")
    assert "<ErrorResponse" in elb and "<RequestId>" in elb


def test_dry_run_is_an_error_that_means_success(ec2):
    with api_error("DryRunOperation"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert ec2.describe_vpcs()["Vpcs"] == []


def test_a_dry_run_of_a_call_that_would_fail_fails_so(ec2):
    with api_error("InvalidVpcID.NotFound"):
        ec2.delete_vpc(VpcId="vpc-00000000000000000", DryRun=True)


def test_request_ids_differ(ec2):
    one, two = (ec2.describe_regions()["ResponseMetadata"]["RequestId"] for _ in range(2))
    assert one and two and one != two
