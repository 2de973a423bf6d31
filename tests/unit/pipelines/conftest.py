"""A Kubeflow Pipelines API on loopback: the part of its REST paths that the client calls."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lt4rec_core.config import Config, from_mapping
from pipelines.compile import compile_pipeline


class FakeKubeflow:
    """The server's state; `token` is what it asks for, `multi_user` whether it asks whose."""

    def __init__(self) -> None:
        self.token = ""
        self.multi_user = False
        self.broken = False
        self.experiments: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.schedules: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.url = ""
        self._numbers = itertools.count(1)

    def answer(self, method: str, address: str, token: str, body: Any) -> tuple[int, Any]:
        """Answers as the API server of KFP 2.17 does, in its field names and types."""
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/apis/v2beta1/")
        self.tokens.append(token)
        if path == "healthz":
            return 200, {"multi_user": self.multi_user}
        if self.token and token != f"Bearer {self.token}":
            return 401, {"error": "Unauthenticated", "code": 16, "message": "no valid identity"}
        if self.broken and method == "POST" and path in ("runs", "recurringruns"):
            return 500, {
                "error": "InternalServerError",
                "code": 13,
                "message": "the database is down",
            }
        resource, _, rest = path.partition("/")
        return getattr(self, f"_{method.lower()}_{resource}")(query, rest, body)

    def _get_experiments(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        if self.multi_user and not query.get("namespace"):
            return 400, {"error": "InvalidInputError", "code": 3, "message": "namespace is empty"}
        (wanted,) = json.loads(query["filter"])["predicates"]
        found = [e for e in self.experiments if e["display_name"] == wanted["stringValue"]]
        return 200, {"experiments": found} if found else {}

    def _post_experiments(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        self.experiments.append({**body, "experiment_id": f"experiment-{next(self._numbers)}"})
        return 200, self.experiments[-1]

    def _post_runs(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        self.runs.append({**body, "run_id": f"run-{next(self._numbers)}", "state": "PENDING"})
        return 200, self.runs[-1]

    def _post_recurringruns(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        if match := re.fullmatch("(.+):(enable|disable)", rest):
            (found,) = [s for s in self.schedules if s["recurring_run_id"] == match[1]]
            found["status"] = f"{match[2].upper()}D"
            return 200, {}
        made = {**body, "recurring_run_id": f"schedule-{next(self._numbers)}", "status": "ENABLED"}
        made["max_concurrency"] = str(made["max_concurrency"])  # 64-bit numbers are JSON strings
        self.schedules.append(made)
        return 200, made

    def _get_recurringruns(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        if rest:
            (found,) = [s for s in self.schedules if s["recurring_run_id"] == rest]
            return 200, found
        start = int(query.get("page_token") or 0)  # one a page, however many are asked for
        mine = [s for s in self.schedules if s["experiment_id"] == query["experiment_id"]]
        page: dict[str, Any] = {"recurringRuns": mine[start : start + 1]}
        if start + 1 < len(mine):
            page["next_page_token"] = str(start + 1)
        return 200, page

    def _delete_recurringruns(self, query: Any, rest: str, body: Any) -> tuple[int, Any]:
        self.schedules = [s for s in self.schedules if s["recurring_run_id"] != rest]
        return 200, {}


@pytest.fixture
def kubeflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubeflow]:
    """The API, served on a free port of loopback while the test runs."""
    state = FakeKubeflow()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("Authorization") or ""
            status, answer = state.answer(self.command, self.path, token, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", "/nonexistent/context.json")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """DAGs that were compiled before, by what they were compiled for."""
    return {"folder": tmp_path_factory.mktemp("compiled")}


@pytest.fixture
def cluster_config(
    kubeflow: FakeKubeflow, compiled: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Config:
    """A configuration whose cluster is the fake one; its DAGs are compiled once a session."""

    def compile_once(config: Config, target: Path, *arguments: str, **named: bool) -> Path:
        key = f"{arguments}{named}"
        if key not in compiled:
            file = compiled["folder"] / f"{len(compiled)}.yaml"
            compiled[key] = compile_pipeline(config, file, *arguments, **named)
        return compiled[key]

    for module in ("pipelines.submit", "pipelines.schedule"):
        monkeypatch.setattr(f"{module}.compile_pipeline", compile_once)
    return from_mapping(
        {
            "name": "feed",
            "fields": [{"name": "user_id"}],
            "tasks": [{"name": "ctr"}],
            "ingest": {"time_zone": "Asia/Shanghai", "delay_hours": 3.0},
            "cluster": {
                "service_account": "lt4rec-pipeline",
                "source": "s3://logs/feed",
                "kubeflow": {"host": kubeflow.url},
            },
        }
    )
