"""Days that are read one by one make the dataset that is read at once, to the last bit."""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from pathlib import Path

import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.days import Days, days_of
from lt4rec_core.data.raw_day import RECORD, RawDay, open_raw_day
from lt4rec_core.data.sources import SOURCES
from lt4rec_core.errors import ArtifactError, InputError
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.ingest_day import ingest_day
from lt4rec_core.tracking import SilentTracker

DATE = "2026-01-05"


def read_each(config: Config, logs: Path, target: Path) -> tuple[Days, dict[str, RawDay]]:
    days = days_of(SOURCES["events"], str(logs), config.ingest, DATE)
    return days, {
        day: ingest_day(config, str(logs), day, target / day, SilentTracker()) for day in days.read
    }


def contents(root: Path) -> dict[str, bytes]:
    """What a stage wrote, without the tensors that reading a dataset leaves beside its rows."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path): (root / path).read_bytes() for path in paths if path.parts[0] != "tensors"}


def test_days_read_one_by_one_make_the_same_dataset(
    tiny_config: Config, tiny_logs: Path, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    days, read = read_each(tiny_config, tiny_logs, tmp_path)
    before = contents(tmp_path)
    target = tmp_path / "dataset"
    gathered = ingest(
        tiny_config, str(tiny_logs), DATE, target, SilentTracker(), days=days, read=read
    )
    assert {"impressions.duplicate", "plays.orphan"} <= set(gathered.manifest.dropped)
    assert contents(target) == contents(tiny_dataset.root)
    shutil.rmtree(target)
    assert contents(tmp_path) == before  # a later run may read these days, too


def test_so_they_do_where_a_day_is_left_out(
    tiny_config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    gaps = (datetime.date(2026, 1, 3),)
    ingesting = dataclasses.replace(tiny_config.ingest, exclude_dates=gaps)
    config = dataclasses.replace(tiny_config, ingest=ingesting)
    whole = ingest(config, str(tiny_logs), DATE, tmp_path / "whole", SilentTracker())
    days, read = read_each(config, tiny_logs, tmp_path)
    target = tmp_path / "gathered"
    ingest(config, str(tiny_logs), DATE, target, SilentTracker(), days=days, read=read)
    assert list(days.left_out) == ["2026-01-03"]
    assert contents(target) == contents(whole.root)


@pytest.fixture
def day(tiny_config: Config, tiny_logs: Path, tmp_path: Path) -> RawDay:
    return ingest_day(tiny_config, str(tiny_logs), DATE, tmp_path / "day", SilentTracker())


def test_a_day_is_opened_as_it_was_read(day: RawDay) -> None:
    assert open_raw_day(day.path.parent) == day
    assert day.rows > 300


@pytest.mark.parametrize("change", [{"rows": 1}, {"path": "../rows.parquet"}, {"format": 2}])
def test_a_changed_record_is_refused(day: RawDay, change: dict[str, object]) -> None:
    record = day.path.with_name(RECORD)
    record.write_text(json.dumps({**json.loads(record.read_text()), **change}))
    with pytest.raises(ArtifactError, match=r"day\.json isn't a day's record"):
        open_raw_day(record.parent)


def test_a_missing_day_is_named_with_the_days_present(
    tiny_config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"2026-01-07; days present: .*2026-01-05"):
        ingest_day(tiny_config, str(tiny_logs), "2026-01-07", tmp_path / "day", SilentTracker())
    assert list(tmp_path.iterdir()) == []


def test_logs_that_change_after_a_day_was_read_are_refused(
    tiny_config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    logs, target = shutil.copytree(tiny_logs, tmp_path / "logs"), tmp_path / "dataset"
    days, read = read_each(tiny_config, logs, tmp_path)
    file = next((logs / "clicks").rglob("*.parquet"))
    shutil.copyfile(file, file.with_name("more.parquet"))
    with pytest.raises(InputError, match="changed while it was read"):
        ingest(tiny_config, str(logs), DATE, target, SilentTracker(), days=days, read=read)
    assert not target.exists()
