from __future__ import annotations

from pathlib import Path

import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.days import Days, days_of
from lt4rec_core.data.sources import SOURCES
from lt4rec_core.errors import InputError
from lt4rec_core.stages.find_days import find_days
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker


def look_up(config: Config, logs: Path, data_date: str) -> Days:
    return days_of(SOURCES["events"], str(logs), config.ingest, data_date)


def test_days_that_are_there_are_written_down(
    tiny_config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    days = look_up(tiny_config, tiny_logs, "2026-01-05")
    find_days(tiny_config, str(tiny_logs), days, tmp_path / "found", SilentTracker())
    written = Days.from_json((tmp_path / "found" / "days.json").read_text())
    assert written == days
    assert days.read == tuple(f"2026-01-0{day}" for day in range(1, 6))


def test_a_missing_day_is_refused_as_ingest_refuses_it(
    tiny_config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    logs, late = str(tiny_logs), "2026-01-06"
    with pytest.raises(InputError) as ingesting:
        ingest(tiny_config, logs, late, tmp_path / "dataset", SilentTracker())
    with pytest.raises(InputError) as finding:
        days = look_up(tiny_config, tiny_logs, late)
        find_days(tiny_config, logs, days, tmp_path / "found", SilentTracker())
    assert str(finding.value) == str(ingesting.value)
    assert list(tmp_path.iterdir()) == []
