"""How long training took, kept beside its state so that a kill doesn't hide a part of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from lt4rec_core.data.atomic import file_aside
from lt4rec_core.tracking import Tracker

_EVERY_SECONDS = 1.0


class TrainingClock:
    """A tracker in front of another one: counts seconds of wall-clock time into a file."""

    def __init__(self, tracker: Tracker, file: Path) -> None:
        self._tracker = tracker
        self._file = file
        self._before = _read(file)
        self._started = time.monotonic()
        self._written = self._started

    @property
    def seconds(self) -> float:
        """Seconds of this process and of those killed before it, up to their last record."""
        return self._before + time.monotonic() - self._started

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Passes the metrics on."""
        self._tracker.log_metrics(metrics, step)
        if time.monotonic() - self._written > _EVERY_SECONDS:
            self.keep()

    def progress(self, message: str) -> None:
        """Passes the message on."""
        self._tracker.progress(message)

    def keep(self) -> None:
        """Writes the seconds to the file."""
        self._written = time.monotonic()
        with file_aside(self._file) as partial:
            partial.write_text(json.dumps(self.seconds), encoding="utf-8")


def _read(file: Path) -> float:
    try:
        return float(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return 0.0
