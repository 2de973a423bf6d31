"""A stage's metrics and progress, kept in MLflow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_BATCH = 500  # MLflow takes at most 1000 metrics a call
_SECONDS = 5.0


class MlflowTracker:
    """Sends metrics to an MLflow run in batches, and prints progress as `[node] message`.

    Every metric is also kept in `journal`, beside the stage's state: a stage that was
    killed and goes on in a new run brings its former metrics along, each step once.
    """

    def __init__(self, client: Any, run_id: str, node: str, journal: Path) -> None:
        self._client = client
        self._run_id = run_id
        self._node = node
        self._journal = journal
        self._waiting: list[tuple[str, float, int]] = []
        self._seen: set[tuple[str, int]] = set()
        self._sent = time.monotonic()
        self._replay()

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Records metric values at `step`; a repeated step of a resumed stage is left out."""
        new = {name: float(v) for name, v in metrics.items() if (name, step) not in self._seen}
        if not new:
            return
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps([step, new]) + "\n")
        self._add(new, step)
        if len(self._waiting) >= _BATCH or time.monotonic() - self._sent > _SECONDS:
            self.flush()

    def progress(self, message: str) -> None:
        """Prints the line for whoever watches the run or reads the pod's log."""
        print(f"[{self._node}] {message}", flush=True)  # noqa: T201

    def flush(self) -> None:
        """Sends what waits to be sent."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value, step in self._waiting]
        for start in range(0, len(metrics), _BATCH):
            _stored(self._client.log_batch, self._run_id, metrics[start : start + _BATCH])
        self._waiting.clear()
        self._sent = time.monotonic()

    def _add(self, metrics: Mapping[str, float], step: int) -> None:
        self._seen.update((name, step) for name in metrics)
        self._waiting += [(name, value, step) for name, value in metrics.items()]

    def _replay(self) -> None:
        if not self._journal.exists():
            return
        for line in self._journal.read_text(encoding="utf-8").splitlines():
            try:
                step, metrics = json.loads(line)
            except ValueError:
                continue  # the line that was being written when the process was killed
            self._add(metrics, step)


def _stored(call: Callable[..., Any], *arguments: Any) -> None:
    from components.store import store_errors

    with store_errors("metrics can't be logged"):
        call(*arguments)
