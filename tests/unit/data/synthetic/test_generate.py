from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic import generate
from lt4rec_core.data.synthetic.generate import chunks
from lt4rec_core.data.synthetic.scene import scenes
from lt4rec_core.errors import InputError
from lt4rec_core.tracking import SilentTracker

Logs = Callable[..., Path]
Read = Callable[..., pl.DataFrame]


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("file_format", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("compression", ["none", "gz", "zst"])
def test_same_seed_same_bytes(logs: Logs, file_format: str, compression: str) -> None:
    how = {"format": file_format, "compression": compression, "days": 1, "rows_per_day": 100}
    assert _bytes(logs("a", **how)) == _bytes(logs("b", **how))


def test_another_seed_makes_another_world(logs: Logs) -> None:
    one, other = _bytes(logs("a", seed=1)), _bytes(logs("b", seed=2))
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_days_dont_depend_on_how_many_are_generated(logs: Logs) -> None:
    short, long = _bytes(logs("a", days=1)), _bytes(logs("b", days=3))
    del short["synthetic.json"]
    assert short.items() <= long.items()


def test_layout_is_one_file_per_stream_and_day(logs: Logs) -> None:
    days = ("date=2026-01-01", "date=2026-01-02")
    names = ("clicks", "impressions", "plays", "truth")
    expected = {f"{name}/{day}/part-0000.parquet" for name in names for day in days}
    assert set(_bytes(logs())) == expected | {"synthetic.json"}


def test_hour_partitions_hold_the_rows_of_their_hour(logs: Logs) -> None:
    folder = logs(partition="hour", days=1)
    files = sorted((folder / "clicks").rglob("hour=*/*.parquet"))
    assert len(files) > 10
    for path in files:
        hours = pl.read_parquet(path)["timestamp"] % 86_400_000 // 3_600_000
        assert path.parent.name == f"hour={hours.unique().item():02}"


def test_every_event_of_a_day_lies_in_that_day(read: Read) -> None:
    for stream in ("impressions", "clicks", "plays"):
        times = read(stream, noise=0.1, days=1)["timestamp"]
        dates = pl.select(pl.from_epoch(times, time_unit="ms").dt.date().unique()).to_series()
        assert [str(date) for date in dates] == ["2026-01-01"]


@pytest.mark.parametrize("chunk_rows", [1, 7, 250, 600, 10_000])
def test_counts_are_exact_whatever_the_chunks(
    tiny: Callable[..., Synthetic], chunk_rows: int
) -> None:
    settings = tiny(chunk_rows=chunk_rows, rows_per_day=50 if chunk_rows == 1 else 600, noise=0.0)
    scene = next(scenes(settings))
    heights = [streams.impressions.height for streams in chunks(settings, scene)]
    assert sum(heights) == settings.rows_per_day
    assert max(heights) <= chunk_rows


def test_chunks_follow_each_other_through_the_day(tiny: Callable[..., Synthetic]) -> None:
    settings = tiny(chunk_rows=150, noise=0.0)
    middles = [
        streams.impressions["timestamp"].median()
        for streams in chunks(settings, next(scenes(settings)))
    ]
    assert middles == sorted(middles)


def test_impression_ids_are_unique_over_days_and_chunks(read: Read) -> None:
    assert read("impressions", chunk_rows=100, noise=0.0)["impression_id"].is_unique().all()


def test_description_holds_settings_and_row_counts(logs: Logs) -> None:
    folder = logs()
    described = json.loads((folder / "synthetic.json").read_text())
    rows = pl.read_parquet(folder / "impressions" / "*" / "*.parquet").height
    assert described["rows"]["impressions"] == rows
    assert described["settings"]["start_date"] == "2026-01-01"


def test_equal_settings_keep_what_is_there(logs: Logs) -> None:
    before = (logs() / "synthetic.json").stat().st_mtime_ns
    assert (logs() / "synthetic.json").stat().st_mtime_ns == before


def test_other_settings_refuse_to_overwrite(logs: Logs) -> None:
    logs()
    with pytest.raises(InputError, match="remove it or give another folder"):
        logs(seed=5)


def test_foreign_files_are_refused(tmp_path: Path, tiny: Callable[..., Synthetic]) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="already holds other files"):
        generate(tiny(), tmp_path, SilentTracker())
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_failure_leaves_nothing_behind(tmp_path: Path, tiny: Callable[..., Synthetic]) -> None:
    class Failing(SilentTracker):
        def progress(self, message: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tiny(), tmp_path / "logs", Failing())
    assert list(tmp_path.iterdir()) == []


def test_csv_joins_lists_and_json_lines_keep_them(logs: Logs) -> None:
    table = pl.read_csv(logs("a", format="csv") / "impressions/date=2026-01-01/part-0000.csv")
    lines = pl.read_ndjson(
        logs("b", format="jsonl") / "impressions/date=2026-01-01/part-0000.jsonl"
    )
    assert table["tags"].fill_null("").to_list() == lines["tags"].list.join(",").to_list()
    assert lines["interests"].list.len().unique().to_list() == [3]
