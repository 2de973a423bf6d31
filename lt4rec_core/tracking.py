"""Where a stage reports what it does while it does it.

The core knows this protocol only; the components put MLflow behind it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Tracker(Protocol):
    """Receives the metrics and the progress of one stage."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Records metric values at `step` (optimizer steps, or rounds for pruning)."""

    def progress(self, message: str) -> None:
        """Says in one line what has just been done, for whoever watches."""


class ShiftedTracker:
    """Passes metrics of one training of many on, at steps that don't collide.

    Training number n reports steps n * 1,000,000 + step.
    """

    def __init__(self, tracker: Tracker, number: int) -> None:
        self._tracker = tracker
        self._offset = number * 1_000_000

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Passes the metrics on."""
        self._tracker.log_metrics(metrics, self._offset + step)

    def progress(self, message: str) -> None:
        """Keeps it back: a stage of many trainings says itself what came of each."""


class SilentTracker:
    """Records nothing."""

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Does nothing."""

    def progress(self, message: str) -> None:
        """Does nothing."""


class JsonLinesTracker:
    """Appends one JSON object a call to a file: for tests and laptops."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Appends `{"step": …, "metrics": {…}}`."""
        self._append({"step": step, "metrics": dict(metrics)})

    def progress(self, message: str) -> None:
        """Appends `{"progress": …}`."""
        self._append({"progress": message})

    def _append(self, record: Mapping[str, object]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
