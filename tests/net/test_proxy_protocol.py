"""haproxy and nginx, as Debian 12 brings them, behind a load balancer that puts PROXY v2 headers before the client's data.

haproxy closes a connection whose header has a wrong CRC32C. Neither of these versions can show the endpoint's id: that is
read in test_proxy_data_path.py.
"""
import contextlib
import socket
import subprocess

import isolation
import pytest
from balanced import CLIENT, ENDPOINT, NODE, TARGET, Balanced
from waiting import wait_for

HAPROXY_HTTP, HAPROXY_TCP, NGINX_HTTP = 80, 81, 82


@pytest.fixture(scope="module")
def region():
    with Balanced(*((port, port + 8000, "proxy") for port in (HAPROXY_HTTP, HAPROXY_TCP, NGINX_HTTP))) as started:
        yield started


@contextlib.contextmanager
def running(region, ports, *command):
    """A server in the target's namespace, once it listens on the ports; ended by its own id."""
    with isolation.inside(region.target):
        isolation.bring_up("lo")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def listens():
        assert process.poll() is None, process.stderr.read()
        with isolation.inside(region.target), open("/proc/thread-self/net/tcp", encoding="ascii") as table:
            open_ports = {int(line.split()[1].split(":")[1], 16) for line in table.readlines()[1:] if line.split()[3] == "0A"}
        return open_ports.issuperset(ports)
    try:
        wait_for(listens, f"{command[0]} to listen")
        yield
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


@pytest.fixture(scope="module")
def haproxy(region, tmp_path_factory):
    configuration = tmp_path_factory.mktemp("haproxy") / "haproxy.cfg"
    configuration.write_text(f"""
defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend web
  mode http
  bind {TARGET}:{HAPROXY_HTTP + 8000} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] > %[dst]:%[dst_port]\\n"
frontend stream
  mode tcp
  bind {TARGET}:{HAPROXY_TCP + 8000} accept-proxy
  default_backend echo
backend echo
  mode tcp
  server echo {TARGET}:9000
""", encoding="ascii")
    with running(region, (HAPROXY_HTTP + 8000, HAPROXY_TCP + 8000), "haproxy", "-db", "-f", str(configuration)):
        yield


@pytest.fixture(scope="module")
def nginx(region, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format proxied '$proxy_protocol_addr:$proxy_protocol_port > $proxy_protocol_server_addr:$proxy_protocol_server_port';
  access_log {folder}/access.log proxied;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {TARGET}:{NGINX_HTTP + 8000} proxy_protocol;
    location / {{
      default_type text/plain;
      return 200 "$proxy_protocol_addr:$proxy_protocol_port > $proxy_protocol_server_addr:$proxy_protocol_server_port\\n";
    }}
    location /upload {{ client_max_body_size 0; return 200 "taken\\n"; }}
  }}
}}
""", encoding="ascii")
    with running(region, (NGINX_HTTP + 8000,), "nginx", "-c", str(configuration)):
        yield folder


def get(region, port, place=None, address=ENDPOINT):
    """The body of the answer, and what the server should have seen."""
    with region.connect(port, place, address) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return answer.split(b"\r\n\r\n", 1)[1].decode(), f"{CLIENT}:{client.getsockname()[1]} > {address}:{port}\n"


@pytest.mark.parametrize("times", range(3))
def test_haproxy_sees_the_client_and_where_it_connected_to(region, haproxy, times):
    seen, wanted = get(region, HAPROXY_HTTP)
    assert seen == wanted


def test_haproxy_sees_a_client_inside_the_vpc(region, haproxy):
    seen, wanted = get(region, HAPROXY_HTTP, region.inside, NODE)
    assert seen == wanted


def test_a_stream_through_haproxy_is_whole(region, haproxy):
    """haproxy takes the header away; what it passes on are the client's bytes alone."""
    with region.listening(9000) as behind:
        client = region.connect(HAPROXY_TCP)
        client.sendall(b"first")
        server, _ = behind.accept()
        server.settimeout(20)
        assert server.recv(100) == b"first"
        server.sendall(b"second")
        assert client.recv(100) == b"second"
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""


@pytest.mark.parametrize("times", range(3))
def test_nginx_sees_the_client_and_where_it_connected_to(region, nginx, times):
    seen, wanted = get(region, NGINX_HTTP)
    assert seen == wanted
    assert wanted in (nginx / "access.log").read_text(encoding="ascii")


def test_nginx_sees_a_client_inside_the_vpc(region, nginx):
    seen, wanted = get(region, NGINX_HTTP, region.inside, NODE)
    assert seen == wanted


def test_nginx_takes_a_large_upload(region, nginx):
    with region.connect(NGINX_HTTP) as client:
        size = 20_000_000
        client.sendall(b"POST /upload HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % size)
        client.sendall(bytes(size))
        assert client.recv(4096).startswith(b"HTTP/1.1 200")


def test_requests_on_a_kept_connection_have_one_header(region, nginx):
    with region.connect(NGINX_HTTP) as client:
        for _ in range(50):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(f" > {ENDPOINT}:{NGINX_HTTP}\n".encode()):
                part = client.recv(4096)
                assert part, answer
                answer += part
            assert answer.startswith(b"HTTP/1.1 200")
