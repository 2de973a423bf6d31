from __future__ import annotations

from dataclasses import replace

from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.retraining.late import change_of

DAY = "2026-01-03"
THEN = Manifest(
    schema_digest="",
    inputs="",
    source=SourceRecord("events", "logs", "f"),
    data_date=DAY,
    time_zone="UTC",
    splits={},
    days=(DayRecord(DAY, "test", "f", 100, "", {}),),
    files={},
    partitions={DAY: "digest"},
    read={},
    dropped={},
)


def test_equal_files_are_no_change() -> None:
    later = (DayRecord(DAY, "validation", "f", 101, "", {}),)
    assert change_of(DAY, THEN, replace(THEN, days=later)) == ""


def test_changed_files_are_told_with_the_rows() -> None:
    later = (DayRecord(DAY, "train", "f", 130, "", {}),)
    now = replace(THEN, days=later, partitions={DAY: "another"})
    assert change_of(DAY, THEN, now) == "100 rows when its day ran, 130 now"


def test_where_no_path_names_a_day_rows_are_counted() -> None:
    before = replace(THEN, partitions={})
    grown = replace(before, days=(DayRecord(DAY, "train", "f", 130, "", {}),))
    assert change_of(DAY, before, grown)
    assert change_of(DAY, before, before) == ""


def test_another_days_or_logs_are_not_compared() -> None:
    now = replace(THEN, partitions={DAY: "another"})
    assert change_of("2026-01-01", THEN, now) == ""
    assert change_of(DAY, THEN, replace(now, source=SourceRecord("events", "else", "f"))) == ""
