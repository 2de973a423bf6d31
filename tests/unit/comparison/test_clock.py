from __future__ import annotations

from pathlib import Path

from lt4rec_core.comparison.clock import TrainingClock
from lt4rec_core.tracking import SilentTracker


def test_seconds_before_a_kill_count(tmp_path: Path) -> None:
    file = tmp_path / "seconds.json"
    file.write_text("100.0")
    clock = TrainingClock(SilentTracker(), file)
    clock.keep()
    assert 100.0 < clock.seconds < 160.0
    assert float(file.read_text()) > 100.0


def test_a_record_cut_short_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "seconds.json"
    file.write_text("")
    assert TrainingClock(SilentTracker(), file).seconds < 60.0
