"""The services of a cluster, on loopback: PostgreSQL, an MLflow server on it, S3 (moto's server).

`make test-services` sets LT4REC_NEED_SERVICES; elsewhere the tests are skipped. They need
PostgreSQL's own programs (`apt-get install postgresql`), and fail without them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
INSTALL = "PostgreSQL isn't installed: apt-get install postgresql"
READY_SECONDS = 300
ADMIN, ADMINS_PASSWORD = "admin", "not-a-secret-either"
USER, PASSWORD = "lt4rec", "not-a-secret-here"


class Server:
    """A server that can be stopped, and started again on the same port and store."""

    def __init__(self, start: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._start = start
        self._up = contextlib.ExitStack()

    def start(self) -> None:
        """Starts it, and waits until it is ready."""
        self._up.enter_context(self._start())

    def stop(self) -> None:
        """Stops it; does nothing where it is stopped."""
        self._up.close()


@dataclass(frozen=True)
class Services:
    """What is up, and how the command line reaches it."""

    mlflow: str
    s3: str
    postgres: str
    environment: Mapping[str, str]
    tracking: Server
    database: Server


def programs() -> Path | None:
    """The folder of initdb and postgres: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return homes[-1].parent if homes else None


@contextlib.contextmanager
def clearing_up_when_ended() -> Iterator[None]:
    """Lets SIGTERM end the tests as Ctrl-C does: through everything that clears up."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextlib.contextmanager
def running(
    command: list[str], ready: str, stop: signal.Signals = signal.SIGTERM, **options: Any
) -> Iterator[None]:
    """Runs a server until its block ends, however it ends; entered once it has said `ready`."""

    def end_with_us() -> None:
        ctypes.CDLL(None).prctl(1, stop)  # PR_SET_PDEATHSIG: a killed test run leaves no server

    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=end_with_us,  # noqa: PLW1509 (it calls the kernel only)
        **options,
    )
    said: list[str] = []
    is_over = threading.Event()
    is_ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if ready in line:
                is_ready.set()
                is_over.set()
        is_over.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        is_over.wait(READY_SECONDS)
        if not is_ready.is_set():
            pytest.fail(f"{command[0]} isn't ready:\n{''.join(said[-40:])}")
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers that outlive their server
        process.wait()
        reader.join(10)
        if process.stdout is not None:
            process.stdout.close()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def other_user() -> dict[str, Any]:
    """Options to run a program as somebody else: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres() -> Iterator[tuple[str, Server]]:
    """A new PostgreSQL with an empty database; gives its address, and the server."""
    if not os.environ.get("LT4REC_NEED_SERVICES"):
        pytest.skip("takes a minute: `make test-services` runs it")
    home = programs()
    if home is None:
        pytest.fail(INSTALL)
    with clearing_up_when_ended(), _new_postgres(home) as (database, server):
        yield database, server


@contextlib.contextmanager
def _new_postgres(home: Path) -> Iterator[tuple[str, Server]]:
    # Not below pytest's own folders: they're closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="lt4rec-postgres-"))
    who = other_user()
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        data, port = folder / "data", free_port()
        made = [
            str(home / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        ]
        done = subprocess.run(made, capture_output=True, text=True, check=False, cwd="/", **who)
        assert done.returncode == 0, done.stderr
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(home / "postgres"), "-D", str(data), *options]
        ready = "ready to accept connections"
        server = Server(lambda: running(command, ready, signal.SIGINT, cwd="/", **who))
        server.start()
        try:
            yield f"postgresql+psycopg2://{USER}@127.0.0.1:{port}/postgres", server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """An S3 server; gives its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        yield endpoint
    finally:
        server.stop()


@pytest.fixture(scope="session")
def objects(s3: str) -> Any:
    """A client of the S3 server, where the buckets for logs and artifacts are made."""
    import boto3

    keys = {"aws_access_key_id": "someone", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1", **keys)
    for bucket in ("lt4rec-logs", "lt4rec-artifacts"):
        client.create_bucket(Bucket=bucket)
    return client


def make_user(url: str) -> None:
    """Makes the user whom runs are, as docs/cluster.md has it done."""
    import requests

    made = requests.post(
        f"{url}/api/2.0/mlflow/users/create",
        json={"username": USER, "password": PASSWORD},
        auth=(ADMIN, ADMINS_PASSWORD),
        timeout=60,
    )
    assert made.status_code == 200, made.text


@pytest.fixture(scope="session")
def services(
    postgres: tuple[str, Server], s3: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """All of them up, MLflow asking for a password; runs are no administrators there."""
    database, keeper = postgres
    port, folder = free_port(), tmp_path_factory.mktemp("mlflow")
    auth = folder / "basic_auth.ini"
    auth.write_text(
        f"[mlflow]\ndefault_permission = NO_PERMISSIONS\ndatabase_uri = {database}\n", "utf-8"
    )
    common = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_S3_ENDPOINT_URL": s3,
    }
    server = {
        **common,
        "MLFLOW_BACKEND_STORE_URI": database,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://lt4rec-artifacts/mlflow",
        "MLFLOW_SERVE_ARTIFACTS": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # nine processes for jobs of no use here
        "MLFLOW_AUTH_CONFIG_PATH": str(auth),
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMINS_PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "signs-cookies-of-this-test-only",
    }
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    client = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    ready = "Application startup complete"
    tracking = Server(lambda: running(command, ready, cwd=folder, env=server))
    tracking.start()
    url = f"http://127.0.0.1:{port}"
    try:
        make_user(url)
        yield Services(url, s3, database, {**common, **client}, tracking, keeper)
    finally:
        tracking.stop()


@pytest.fixture
def mlflow_client(services: Services, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An MLflow client of the user whom runs are."""
    from mlflow import MlflowClient

    for name, value in services.environment.items():
        if name.startswith(("MLFLOW_", "AWS_")):
            monkeypatch.setenv(name, value)
    return MlflowClient(services.mlflow, services.mlflow)


@pytest.fixture(scope="session")
def lt4rec(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Calls the command line in a process of its own, with what a task on a cluster has."""
    stand = tmp_path_factory.mktemp("stand")
    environment = {**services.environment, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments)]
        return subprocess.run(
            command, cwd=stand, env=environment, capture_output=True, text=True, check=False
        )

    return call
