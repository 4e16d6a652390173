"""What Debian's botocore does not know yet: newer parameters of its operations, and newer operations."""
import contextlib
import re
import ssl
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials


@contextlib.contextmanager
def also_sending(client, operation, parameters):
    """The operation's calls carry these too."""
    def add(params, **_):
        params["body"].update(parameters)
    event = f"before-call.{client.meta.service_model.service_name}.{operation}"
    client.meta.events.register(event, add)
    try:
        yield
    finally:
        client.meta.events.unregister(event, add)


def elb_call(account, operation, parameters):
    """Calls an operation of ELBv2, named as boto3 would name it; (status, the answer's text)."""
    return _call(account, "elasticloadbalancing", "2015-12-01", operation, parameters)


def ec2_call(account, operation, parameters):
    """The same of EC2."""
    return _call(account, "ec2", "2016-11-15", operation, parameters)


def _call(account, service, version, operation, parameters):
    action = "".join(word.capitalize() for word in operation.split("_"))
    body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
    request = botocore.awsrequest.AWSRequest("POST", account.region.endpoint + "/", data=body)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    credentials = botocore.credentials.Credentials(account.access_key_id, account.secret_access_key)
    botocore.auth.SigV4Auth(credentials, service, account.region.name).add_auth(request)
    prepared = request.prepare()
    raw = urllib.request.Request(prepared.url, data=body.encode(), headers=dict(prepared.headers), method="POST")
    try:
        with urllib.request.urlopen(raw, context=ssl.create_default_context(cafile=account.region.ca_path())) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def attributes_in(text):
    """The Key and Value elements of an answer as a dictionary."""
    return dict(re.findall(r"<Key>([^<]*)</Key>\s*<Value>([^<]*)</Value>", text))
