from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import Webhook
from lt4rec_core.errors import ConfigError, DeliveryError
from lt4rec_core.monitoring.webhook import Clock, check_url, deliver, read_secret, with_url

SECRET = b"loopback secret"
MESSAGE = {"model": "feed", "alerts": [{"message": "drift"}]}


@dataclass
class Receiver:
    """A webhook on loopback that gives the answers it is told to, then 200."""

    url: str
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    heard: list[tuple[Message, bytes]] = field(default_factory=list)
    closing: int = 0


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.heard.append((self.headers, body))
            if state.closing:
                state.closing -= 1
                self.close_connection = True
                return
            status, headers = state.answers.pop(0) if state.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            state.heard.append((self.headers, b"GET"))

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        state = Receiver(f"http://127.0.0.1:{server.server_port}/token-in-the-path")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@dataclass
class Time:
    """A clock that nobody waits for."""

    now: float = 1_700_000_000.7
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_alerts_arrive_signed_over_timestamp_and_body(receiver: Receiver) -> None:
    delivery = deliver(Webhook(url=receiver.url), SECRET, MESSAGE, Time().clock())
    ((headers, body),) = receiver.heard
    assert json.loads(body) == MESSAGE
    assert headers["X-LT4REC-Timestamp"] == "1700000000"
    wanted = hmac.new(SECRET, b"1700000000." + body, hashlib.sha256).hexdigest()
    assert headers["X-LT4REC-Signature"] == f"sha256={wanted}"
    assert headers["X-LT4REC-Delivery"] == delivery
    assert SECRET.decode() not in str(headers) + body.decode()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_and_signed_anew(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, {}), (status, {})]
    time = Time()
    deliver(Webhook(url=receiver.url, backoff_seconds=2), SECRET, MESSAGE, time.clock())
    assert time.slept == [2.0, 4.0]
    stamps = [headers["X-LT4REC-Timestamp"] for headers, _ in receiver.heard]
    assert stamps == ["1700000000", "1700000002", "1700000006"]
    assert len({headers["X-LT4REC-Signature"] for headers, _ in receiver.heard}) == 3
    assert len({headers["X-LT4REC-Delivery"] for headers, _ in receiver.heard}) == 1


def test_receiver_says_when_to_try_again_but_not_for_hours(receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "7"}), (503, {"Retry-After": "7200"})]
    time = Time()
    deliver(Webhook(url=receiver.url), SECRET, MESSAGE, time.clock())
    assert time.slept == [7.0, 60.0]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 501])
def test_refusal_is_not_tried_again_and_no_redirect_followed(
    receiver: Receiver, status: int
) -> None:
    receiver.answers = [(status, {"Location": receiver.url})]
    time = Time()
    with pytest.raises(DeliveryError, match=f"status {status}, after 1 try") as refused:
        deliver(Webhook(url=receiver.url), SECRET, MESSAGE, time.clock())
    assert time.slept == []
    assert len(receiver.heard) == 1
    assert "token" not in str(refused.value)


def test_connection_that_breaks_is_tried_again(receiver: Receiver) -> None:
    receiver.closing = 1
    time = Time()
    deliver(Webhook(url=receiver.url), SECRET, MESSAGE, time.clock())
    assert (len(receiver.heard), time.slept) == (2, [1.0])


def test_tries_are_bounded(receiver: Receiver) -> None:
    receiver.answers = [(503, {})] * 9
    time = Time()
    with pytest.raises(DeliveryError, match="status 503, after 3 tries"):
        deliver(Webhook(url=receiver.url, retries=2), SECRET, MESSAGE, time.clock())
    assert len(receiver.heard) == 3


def test_nobody_listening_is_told(receiver: Receiver) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    settings = Webhook(url=f"http://127.0.0.1:{port}/", retries=1)
    with pytest.raises(DeliveryError, match="after 2 tries"):
        deliver(settings, SECRET, MESSAGE, Time().clock())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "isn't a URL"),
        ("ftp://host/x", "isn't a URL"),
        ("file:///etc/passwd", "isn't a URL"),
        ("https://", "isn't a URL"),
        ("https://host:port/", "isn't a URL"),
        ("https://user:secret@host/", "holds a name or password"),
        ("http://example.com/token", "isn't encrypted"),
    ],
)
def test_url_that_cannot_be_used_is_refused_without_showing_it(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        check_url(Webhook(url=url))
    assert "secret" not in str(refused.value) and "token" not in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        Webhook(url="https://example.com/a"),
        Webhook(url="http://localhost:80/a"),
        Webhook(url="http://[::1]/a"),
        Webhook(url="http://alerts.svc.cluster.local/a", allow_http=True),
    ],
)
def test_encrypted_local_or_allowed_url_is_taken(settings: Webhook) -> None:
    assert check_url(settings).startswith("http")


def test_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    assert read_secret(Webhook(secret_variable="S"), {"S": "abc"}) == b"abc"
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    assert read_secret(Webhook(secret_file=str(file)), {}) == b"from the file"


def test_missing_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="environment variable LT4REC_WEBHOOK_SECRET"):
        read_secret(Webhook(), {})
    with pytest.raises(ConfigError, match="can't be read"):
        read_secret(Webhook(secret_file=str(tmp_path / "absent")), {})


def test_url_that_is_no_setting_is_in_the_environment() -> None:
    known = {"LT4REC_WEBHOOK_URL": " https://hooks.example.com/token \n"}
    assert with_url(Webhook(), known).url == "https://hooks.example.com/token"
    assert with_url(Webhook(url="https://a.example"), known).url == "https://a.example"
    assert with_url(Webhook(), {}).url == ""
