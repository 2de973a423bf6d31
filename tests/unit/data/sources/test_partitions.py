from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from lt4rec_core.data.sources.partitions import path_day, shifted, utc_days, zone
from lt4rec_core.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("date=2026-01-31/part.parquet", "2026-01-31"),
        ("2026-01-31/part.parquet", "2026-01-31"),
        ("clicks/dt=20260131/hour=07/x.csv.gz", "2026-01-31"),
        ("dt=2026-01-31-07/x.csv", "2026-01-31"),
        ("dt=2026-01-31T07/x.csv", "2026-01-31"),
        ("year=2026/month=1/day=31/hour=0/x.csv", "2026-01-31"),
        ("2026/01/31/x.csv", "2026-01-31"),
        ("2026-01-31.jsonl.zst", "2026-01-31"),
        ("written-2026-01-31.csv", ""),
        ("date=2026-02-31/part.parquet", ""),
        ("part.parquet", ""),
        ("user=12345678/part.parquet", ""),
    ],
)
def test_a_path_names_its_day(name, day):
    assert path_day(name) == day


def test_days_step_over_months():
    assert (shifted("2026-01-31", 1), shifted("2026-03-01", -1)) == ("2026-02-01", "2026-02-28")


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("UTC", "2026-01-02", ["2026-01-02"]),
        ("Asia/Shanghai", "2026-01-02", ["2026-01-01", "2026-01-02"]),
        ("America/New_York", "2026-01-02", ["2026-01-02", "2026-01-03"]),
        ("Europe/Berlin", "2026-10-25", ["2026-10-24", "2026-10-25"]),
    ],
)
def test_a_local_day_overlaps_these_utc_dates(place, day, expected):
    assert list(utc_days(day, ZoneInfo(place))) == expected


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ConfigError, match=r"ingest\.time_zone is 'Mars/Olympus'"):
        zone("Mars/Olympus")
