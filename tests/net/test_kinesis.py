"""A real server of the Kinesis API behind an endpoint, used by the AWS command in an instance."""
import base64
import json

import kinesalite
import pytest
from network import tcp_from


@pytest.fixture
def upstream(region):
    if not kinesalite.is_installed():
        pytest.skip("kinesalite is not installed: ./dev test installs it")
    process = kinesalite.start(region.state_dir, 4567)
    yield
    process.terminate()
    process.wait(10)


def test_put_and_get(vpc, upstream):
    instance = vpc.instance()
    vpc.endpoint("kinesis", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])

    def kinesis(*words):
        answer = instance.run("aws", "kinesis", *words, "--cli-connect-timeout", "5", "--no-cli-pager")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout) if answer.stdout else {}
    kinesis("create-stream", "--stream-name", "s", "--shard-count", "1")
    kinesis("wait", "stream-exists", "--stream-name", "s")
    data = base64.b64encode(b"order 1").decode()
    kinesis("put-record", "--stream-name", "s", "--partition-key", "a", "--data", data)
    iterator = kinesis("get-shard-iterator", "--stream-name", "s", "--shard-id", "shardId-000000000000",
                       "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = kinesis("get-records", "--shard-iterator", iterator)["Records"]
    assert [record["Data"] for record in records] == [data]
