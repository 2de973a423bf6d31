from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.tracker import MlflowTracker


class Recorder:
    def __init__(self) -> None:
        self.calls: list[list[tuple[str, float, int]]] = []

    def log_batch(self, run_id: str, metrics: list[Any]) -> None:
        self.calls.append([(metric.key, metric.value, metric.step) for metric in metrics])


def test_metrics_are_sent_in_batches(tmp_path: Path) -> None:
    client = Recorder()
    tracker = MlflowTracker(client, "r1", "warmup", tmp_path / "metrics.jsonl")
    for step in range(600):
        tracker.log_metrics({"loss": 0.5}, step)
    tracker.flush()
    assert [len(call) for call in client.calls] == [500, 100]


def test_resumed_stage_brings_its_metrics_along_once(tmp_path: Path) -> None:
    journal = tmp_path / "metrics.jsonl"
    killed = MlflowTracker(Recorder(), "r1", "prune-ctr", journal)
    killed.log_metrics({"loss": 0.5}, 1)
    journal.write_text(journal.read_text() + '[2, {"lo')
    client = Recorder()
    resumed = MlflowTracker(client, "r2", "prune-ctr", journal)
    resumed.log_metrics({"loss": 0.5}, 1)
    resumed.log_metrics({"loss": 0.4}, 2)
    resumed.flush()
    assert client.calls == [[("loss", 0.5, 1), ("loss", 0.4, 2)]]


def test_progress_names_the_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tracker = MlflowTracker(Recorder(), "r1", "prune-ctr", tmp_path / "metrics.jsonl")
    tracker.progress("round 2/5")
    assert capsys.readouterr().out == "[prune-ctr] round 2/5\n"
