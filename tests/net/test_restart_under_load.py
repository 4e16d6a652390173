"""The daemon is killed and started again, ten times over, while streams run and connections are opened through an endpoint."""
import contextlib
import json
import subprocess
import sys

import connection_load
from balancer import LoadBalancer, Service
from isolation import inside
from network import ANYWHERE, Vpc
from waiting import wait_for

IPERF, LOAD = 5201, 8080
RATE = 1000
ROUNDS = 10
STREAMS = 4


def start(instance, *command):
    with inside(instance.id):
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def running(instance, *arguments):
    """A part of connection_load.py in the instance, at work."""
    process = start(instance, sys.executable, connection_load.__file__, *map(str, arguments))
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def finish(process):
    process.stdin.close()
    return json.loads(process.stdout.readline())


@contextlib.contextmanager
def iperf(server, client, host):
    listening = start(server, "iperf3", "-s", "-p", str(IPERF), "--forceflush")
    try:
        for line in listening.stdout:
            if "listening" in line:
                break
        sending = start(client, "iperf3", "-c", host, "-p", str(IPERF), "-P", str(STREAMS), "-t", "3600", "-C", "cubic",
                        "-i", "1", "--forceflush")
        try:
            yield sending
        finally:
            sending.kill()
            sending.wait()
    finally:
        listening.kill()
        listening.wait()


def test_nothing_is_lost_over_ten_kills_and_ten_stops(region, record_property):
    provider, consumer = Vpc(region, region.new_account()), Vpc(region, region.new_account())
    server = provider.instance(groups=[provider.group(ANYWHERE)])
    friends = consumer.group(ANYWHERE)
    client, neighbour = consumer.instance(groups=[friends]), consumer.instance(groups=[friends])
    balancer = LoadBalancer(provider)
    with running(server, "serve", server.address, LOAD), running(neighbour, "serve", neighbour.address, LOAD):
        balancer.listen(LOAD, [server.address])
        balancer.listen(IPERF, [server.address], HealthCheckPort=str(LOAD))
        endpoint = Service(balancer).ask(consumer, groups=[friends])
        [address] = consumer.addresses(consumer.available(endpoint))
        wait_for(lambda: client.reaches(address, LOAD), "the endpoint to be reached")
        with iperf(server, client, address) as streams, \
                running(client, "drive", address, LOAD, RATE) as connections, \
                running(client, "stream", address, LOAD) as stream, \
                running(client, "datagrams", neighbour.address, LOAD, 1000) as datagrams:
            for end in (region.kill, region.stop):
                for _ in range(ROUNDS):
                    end()
                    region.start()
            assert streams.poll() is None, "iperf3 ended"
            results = {"connections": finish(connections), "stream": finish(stream), "datagrams": finish(datagrams)}
    for name, value in results.items():
        record_property(name, json.dumps(value))
    print(json.dumps(results))
    made = results["connections"]
    assert not made["failures"] and made["done"] == made["begun"] > ROUNDS * RATE / 2, made
    again, had_already = results["stream"]["sent_again"]
    assert results["stream"]["wrong"] is None and again <= had_already, results["stream"]
    sent = results["datagrams"]
    assert sent["received"] == sent["sent"] and not sent["out_of_order"], sent
