"""An S3 API that fails on order: a proxy on loopback before moto's server."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>made up</Message></Error>"


@dataclass
class Faults:
    """What goes wrong, how often, on which requests; `seen` counts what did go wrong.

    A fault is a status with S3's code ("503 SlowDown"), "silence" (no answer until the
    client gives up), "reset" (the connection breaks in the middle of the answer's body)
    or "reset upload" (it breaks after half of the request's body was read).
    """

    fault: str = ""
    left: int = 0
    method: str = "GET"
    part: str = ""
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, fault: str, times: int, method: str = "GET", part: str = "") -> None:
        """Makes the next `times` requests of `method` whose path has `part` fail so."""
        with self.lock:
            self.fault, self.left, self.method, self.part = fault, times, method, part
            self.seen = 0

    def take(self, method: str, path: str) -> str:
        """Returns the fault of this request, "" if it goes well."""
        with self.lock:
            if self.left <= 0 or method != self.method or self.part not in path:
                return ""
            self.left -= 1
            self.seen += 1
            return self.fault


class Handler(BaseHTTPRequestHandler):
    """Passes requests on to `server.behind`, but for those that must fail."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do(self) -> None:
        """Answers a request of any method."""
        fault = self.server.faults.take(self.command, self.path)
        length = int(self.headers.get("Content-Length", 0))
        if fault == "reset upload":
            self.rfile.read(length // 2)
            self.reset()
            return
        body = self.rfile.read(length)
        if fault == "silence":
            self.connection.recv(1)  # until the client hangs up
            self.close_connection = True
            return
        if fault and fault != "reset":
            status, code = fault.split()
            self.answer(
                int(status), {"Content-Type": "application/xml"}, ERROR.format(code).encode()
            )
            return
        host, port = self.server.behind
        behind = http.client.HTTPConnection(host, port)
        behind.request(self.command, self.path, body, dict(self.headers))
        found = behind.getresponse()
        content = found.read()
        behind.close()
        kept = {
            name: value
            for name, value in found.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "content-length")
        }
        if self.command == "HEAD":
            kept["Content-Length"] = found.getheader("Content-Length", "0")
        self.answer(found.status, kept, content, broken=fault == "reset")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

    def answer(
        self, status: int, headers: dict[str, str], content: bytes, broken: bool = False
    ) -> None:
        """Sends an answer; a broken one ends after half of its body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if broken:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.reset()
        elif self.command != "HEAD":
            self.wfile.write(content)

    def reset(self) -> None:
        """Breaks the connection, as a router does that lost it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class Proxy(ThreadingHTTPServer):
    """The proxy, what it stands before, and what it does wrong."""

    daemon_threads = True

    def __init__(self, behind: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.faults = Faults()

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of clients that hung up."""

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    """Moto's S3 behind the proxy, with the bucket `logs`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    made = Proxy(server.get_host_and_port())
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()
    server.stop()


@pytest.fixture
def faults(proxy: Proxy) -> Iterator[Faults]:
    """The proxy's faults; none is left for the next test."""
    yield proxy.faults
    proxy.faults.plan("", 0)


@pytest.fixture(autouse=True, scope="module")
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    nowhere = str(tmp_path_factory.getbasetemp() / "nowhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "someone")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", nowhere)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
        yield
