"""Posts alerts to a webhook: signed, and tried again where trying again can help.

The signature is HMAC-SHA256 of `<timestamp>.<body>` under the shared secret, in hex. A
receiver computes the same, compares in constant time, refuses timestamps that are more
than some minutes old, and drops a delivery whose id it has seen.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lt4rec_core.config import Webhook
from lt4rec_core.errors import ConfigError, DeliveryError

TIMESTAMP, SIGNATURE, DELIVERY = "X-LT4REC-Timestamp", "X-LT4REC-Signature", "X-LT4REC-Delivery"
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Clock:
    """The time, and how to let it pass; tests bring their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Returns the signature of a body that is sent at `timestamp` (Unix seconds)."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def with_url(settings: Webhook, environment: Mapping[str, str] | None = None) -> Webhook:
    """Returns the settings with the URL that the environment has, where they have none."""
    known = os.environ if environment is None else environment
    return replace(settings, url=settings.url or known.get(settings.url_variable, "").strip())


def read_secret(settings: Webhook, environment: Mapping[str, str] | None = None) -> bytes:
    """Returns the secret that the settings refer to; it's never logged or shown.

    Raises:
        ConfigError: the file or the environment variable has none.
    """
    if settings.secret_file:
        place = f"the file {settings.secret_file}"
        try:
            secret = Path(settings.secret_file).expanduser().read_bytes().strip()
        except OSError as error:
            raise ConfigError(
                f"{place}, named in monitor.webhook.secret_file, can't be read: {error.strerror}"
            ) from None
    else:
        place = f"the environment variable {settings.secret_variable}"
        known = os.environ if environment is None else environment
        secret = known.get(settings.secret_variable, "").strip().encode()
    if not secret:
        raise ConfigError(
            f"alerts are signed, and {place} holds no secret; put the one there that the receiver "
            "of monitor.webhook.url knows"
        )
    return secret


def deliver(
    settings: Webhook, secret: bytes, message: Mapping[str, Any], clock: Clock | None = None
) -> str:
    """Posts `message` as JSON and returns the delivery's id, the same for the same message.

    What may pass (no connection, a timeout, 408, 425, 429, 500, 502, 503, 504) is tried
    again after `backoff_seconds`, twice that, …, or after what Retry-After says, at most a
    minute. Redirects aren't followed.

    Raises:
        ConfigError: the URL can't be used.
        DeliveryError: the receiver refused, or all tries failed.
    """
    clock = clock or Clock()
    place = check_url(settings)
    body, delivery = _body(message), delivery_id(message)
    for attempt in range(settings.retries + 1):
        timestamp = str(int(clock.now()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP: timestamp,
            SIGNATURE: f"sha256={sign(secret, timestamp, body)}",
            DELIVERY: delivery,
        }
        failure, transient, wait = _post(settings, body, headers)
        if not failure:
            return delivery
        if not transient or attempt == settings.retries:
            tries = f"{attempt + 1} {'try' if attempt == 0 else 'tries'}"
            raise DeliveryError(
                f"the webhook at {place} didn't take the alerts ({failure}, after {tries}); "
                "they are in `lt4rec monitor` and in the trend report"
            )
        backoff = settings.backoff_seconds * 2.0**attempt
        clock.sleep(min(_LONGEST_WAIT, backoff if wait is None else wait))
    raise AssertionError("unreachable: the last try returns or raises")


def delivery_id(message: Mapping[str, Any]) -> str:
    """Returns the id under which `message` is delivered."""
    return hashlib.sha256(_body(message)).hexdigest()[:32]


def check_url(settings: Webhook) -> str:
    """Returns scheme and host of the URL: its path may hold a token, and isn't shown.

    Raises:
        ConfigError: it's no http(s) URL, holds a password, or isn't encrypted on the way to
            another machine.
    """
    try:
        parts = urlsplit(settings.url)
        host, _ = parts.hostname, parts.port  # reading the port checks it
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in ("http", "https") or not host:
        raise ConfigError("monitor.webhook.url isn't a URL like https://host/path")
    place = f"{parts.scheme}://{host}"
    if parts.username or parts.password:
        raise ConfigError(f"monitor.webhook.url ({place}) holds a name or password: leave it out")
    if parts.scheme == "http" and not (settings.allow_http or _is_loopback(host)):
        raise ConfigError(
            f"monitor.webhook.url ({place}) isn't encrypted; use https, or set "
            "monitor.webhook.allow_http = true inside a network you trust"
        )
    return place


def _body(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, sort_keys=True, allow_nan=False).encode()


def _post(
    settings: Webhook, body: bytes, headers: Mapping[str, str]
) -> tuple[str, bool, float | None]:
    """Posts once; returns what failed, whether that may pass, and how long to wait."""
    request = urllib.request.Request(  # noqa: S310 (check_url allows http and https only)
        settings.url, data=body, headers=dict(headers), method="POST"
    )
    try:
        opener = urllib.request.build_opener(_NoRedirect)  # proxies are those of now
        with opener.open(request, timeout=settings.timeout_seconds) as answer:
            answer.read(1024)
            return "", False, None
    except urllib.error.HTTPError as error:
        with error:
            wait = _seconds(error.headers.get("Retry-After"))
            return f"status {error.code}", error.code in _TRANSIENT, wait
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        reason = getattr(error, "reason", error)
        may_pass = not isinstance(reason, ssl.SSLCertVerificationError)
        return f"{type(reason).__name__}: no answer", may_pass, None


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Lets a redirect be the error that it is: a signed body goes to its receiver only."""

    def redirect_request(self, *_: Any) -> None:
        """Follows nothing."""
