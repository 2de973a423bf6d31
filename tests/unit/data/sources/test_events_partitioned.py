from __future__ import annotations

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources import SOURCES, Columns
from lt4rec_core.errors import InputError


def fill(log, build, moments, place):
    """One clicked impression a moment, in the partition that `place` makes of it."""
    for number, moment in enumerate(moments):
        name = f"{place(moment)}/part-{number:02}.parquet"
        log.write("impressions", [build.impression(moment, moment)], name)
        log.write("clicks", [build.happened(moment, moment)], name)
        log.write("plays", [build.played(moment, moment, 10_000)], name)


def by_date(moment):
    return f"date={moment[:10]}"


def by_hour(moment):
    return f"dt={moment[:10]}/hour={moment[11:13]}"


def flat(moment):
    return "."


EVERY_SIX_HOURS = [
    f"2026-01-0{day} {hour:02}:30:00" for day in range(1, 5) for hour in (0, 6, 12, 18)
]


@pytest.mark.parametrize("place", [by_date, by_hour, flat])
def test_days_are_cut_in_the_time_zone(log, build, place):
    fill(log, build, EVERY_SIX_HOURS, place)
    [(frame, _, dropped)] = log.read("2026-01-03", ingest={"time_zone": "Asia/Shanghai"})
    assert frame["row_id"].to_list() == [
        "2026-01-02 18:30:00",
        "2026-01-03 00:30:00",
        "2026-01-03 06:30:00",
        "2026-01-03 12:30:00",
    ]
    assert (frame["label.watch_ratio"].sum(), dropped) == (4.0, {})


@pytest.mark.parametrize("place", [by_date, by_hour])
@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", range(1, 5)), ("Asia/Shanghai", range(2, 5)), ("America/New_York", range(1, 4))],
)
def test_of_utc_partitions_only_whole_days_are_offered(log, build, place, zone, days):
    fill(log, build, EVERY_SIX_HOURS, place)
    assert log.days(time_zone=zone) == tuple(f"2026-01-0{day}" for day in days)


def test_partitions_of_local_days_are_offered_as_they_are(log, build):
    local = {"2025-12-31 17:00:00": "2026-01-01", "2026-01-01 12:00:00": "2026-01-01"}
    local |= {"2026-01-01 17:00:00": "2026-01-02"}
    fill(log, build, local, lambda moment: local[moment])
    assert log.days(time_zone="Asia/Shanghai") == ("2026-01-01", "2026-01-02")


def test_without_partitions_every_day_with_rows_is_offered(log, build):
    fill(log, build, EVERY_SIX_HOURS, flat)
    assert log.days(time_zone="Asia/Shanghai") == tuple(f"2026-01-0{day}" for day in range(1, 6))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-06-01", 24)]
)
def test_a_day_has_as_many_hours_as_its_clocks_say(log, build, day, hours):
    import datetime as dt

    first = dt.datetime.fromisoformat(day) - dt.timedelta(days=1)
    moments = [str(first + dt.timedelta(hours=hour)) for hour in range(72)]
    log.fill([build.impression(moment, moment) for moment in moments])
    [(frame, _, _)] = log.read(day, ingest={"time_zone": "Europe/Berlin"})
    assert frame.height == hours


def test_rows_that_arrive_in_the_next_partition_are_found(log, build):
    fill(log, build, ["2026-01-01 23:59:59"], lambda _: "date=2026-01-02")
    [(frame, _, _)] = log.read("2026-01-01")
    assert frame["row_id"].to_list() == ["2026-01-01 23:59:59"]


def test_partitions_far_away_are_not_opened(log, build):
    fill(log, build, EVERY_SIX_HOURS, by_date)
    for stream in ("impressions", "clicks", "plays"):
        broken = log.root / stream / "date=2026-02-01" / "part.parquet"
        broken.parent.mkdir()
        broken.write_bytes(b"broken")
    assert log.read("2026-01-02")[0][0].height == 4
    with pytest.raises(InputError, match=r"date=2026-02-01/part.parquet can't be read"):
        log.read("2026-02-01")


def test_a_partition_that_is_not_there_is_a_missing_day(log, build):
    fill(log, build, EVERY_SIX_HOURS, by_date)
    with pytest.raises(InputError, match="no impressions of 2026-03-01; days present: 2026-01-01"):
        log.read("2026-03-01")


def test_an_empty_partition_is_a_missing_day(log, build):
    fill(log, build, EVERY_SIX_HOURS, by_date)
    import polars as pl

    for path in (log.root / "impressions" / "date=2026-01-03").glob("*.parquet"):
        pl.read_parquet(path).clear().write_parquet(path)
    with pytest.raises(InputError, match="no impressions of 2026-01-03"):
        log.read("2026-01-02", "2026-01-03")


def test_reading_twice_gives_the_same(log, build):
    fill(log, build, EVERY_SIX_HOURS, by_hour)
    first, second = log.read("2026-01-02"), log.read("2026-01-02")
    assert first[0][0].equals(second[0][0])


def test_nothing_is_left_in_the_scratch_folder(log, build, tmp_path):
    fill(log, build, EVERY_SIX_HOURS, by_date)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source, settings = SOURCES["events"], Ingest()
    columns = Columns(single=("tab", "tags"))
    for day in source.read(str(log.root), settings, columns, ("2026-01-02",), scratch):
        day.frame.sink_parquet(tmp_path / "day.parquet")
        assert list(scratch.iterdir())
    assert not list(scratch.iterdir())
