"""The Kubeflow Pipelines API of a cluster: how it's reached, and how its errors are told."""

from __future__ import annotations

import contextlib
import io
import socket
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lt4rec_core.config import Kubeflow
from lt4rec_core.errors import ClusterError, ConfigError

_TIMEOUT = 60.0  # seconds without an answer; the client itself waits for ever


@dataclass(frozen=True)
class Api:
    """An open API: KFP's client, and the experiment that runs and schedules belong to."""

    client: Any
    experiment_id: str


@contextlib.contextmanager
def open_api(kubeflow: Kubeflow) -> Iterator[Api]:
    """Opens the API that the section names; its experiment is made if it isn't there.

    Raises:
        ConfigError: no token can be read, or a profile's namespace is asked for.
        ClusterError: the API can't be reached, or refuses.
    """
    with _errors(kubeflow), _quiet():
        client = _client(kubeflow)
        if not client.get_user_namespace() and client.get_kfp_healthz().multi_user:
            raise ConfigError(
                f"{kubeflow.host} keeps its users apart; set cluster.kubeflow.namespace to your "
                "profile's namespace, and cluster.kubeflow.auth to what proves that it's yours"
            )
        experiment = client.create_experiment(
            kubeflow.experiment, namespace=kubeflow.namespace or None
        )
        yield Api(client, str(experiment.experiment_id))


def _client(kubeflow: Kubeflow) -> Any:
    from kfp.client import Client, ServiceAccountTokenVolumeCredentials

    credentials = None
    if kubeflow.auth != "none":
        path = _token_file(kubeflow)
        # Read anew for each request: Kubernetes replaces a projected token every hour.
        credentials = ServiceAccountTokenVolumeCredentials(path)
    return Client(
        host=kubeflow.host,
        namespace=kubeflow.namespace,
        credentials=credentials,
        ssl_ca_cert=kubeflow.ca_file or None,
    )


def _token_file(kubeflow: Kubeflow) -> str | None:
    if kubeflow.auth == "service_account":
        return None
    path = Path(kubeflow.token_file).expanduser()
    try:
        empty = not path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cluster.kubeflow.token_file {str(path)!r} can't be read ({error}); name a file that "
            'holds the token, or set cluster.kubeflow.auth to "none" or "service_account"'
        ) from None
    if empty:
        raise ConfigError(
            f"cluster.kubeflow.token_file {str(path)!r} is empty; put the token there"
        )
    return str(path)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the client's links off stdout, and lets no call wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            # It says of every back end that it has to be of version 2.
            warnings.filterwarnings("ignore", "This client only works", FutureWarning)
            yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _errors(kubeflow: Kubeflow) -> Iterator[None]:
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise ClusterError(f"{kubeflow.host} refused: {_told(error)}; {_advice(error)}") from None
    except HTTPError as error:
        raise ClusterError(
            f"{kubeflow.host} can't be reached ({error}); check cluster.kubeflow.host, and that "
            "the service is up: kubectl -n kubeflow get svc ml-pipeline"
        ) from None
    except OSError as error:
        raise ClusterError(
            f"no token for {kubeflow.host} ({error}); mount one for the service account (see "
            "docs/cluster.md), or set cluster.kubeflow.token_file"
        ) from None


def _told(error: Any) -> str:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    return f"{error.status} {error.reason} {' '.join(str(body or '').split())[:300]}".strip()


def _advice(error: Any) -> str:
    if error.status in (401, 403):
        return "check cluster.kubeflow.auth, and that it may work in cluster.kubeflow.namespace"
    return "the API server's log says more: kubectl -n kubeflow logs deploy/ml-pipeline"
