"""Hours without rows, counted in the day's own time zone."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

HOUR_MS = 3_600_000


def longest(measures, draft, day):
    return next(m for m in measures(draft, "silent_hours")["silent_hours"] if m.day == day).seen


def test_the_longest_silence_is_measured(draft, measures):
    draft.frames["2026-01-04"] = draft.frames["2026-01-04"].filter(
        ~(pl.col("time") % 86_400_000).is_between(5 * HOUR_MS, 12 * HOUR_MS - 1)
    )
    assert longest(measures, draft, "2026-01-04") == 7


def test_hours_in_which_few_users_come_anyway_tell_nothing(draft, measures):
    few = pl.col("user") == pl.col("user").mode().min()
    for name, frame in draft.frames.items():
        one_by_night = (
            pl.when(few)
            .then(pl.col("time") % (6 * HOUR_MS))
            .otherwise(6 * HOUR_MS + pl.col("time") % (18 * HOUR_MS))
        )
        draft.frames[name] = frame.with_columns(
            time=pl.col("time") // 86_400_000 * 86_400_000 + one_by_night
        )
    draft.frames["2026-01-04"] = draft.frames["2026-01-04"].filter(~few)
    assert longest(measures, draft, "2026-01-04") == 0


def hourly(frame, day, hours):
    """The rows, some in each hour of a day in Berlin: one more hour would be silent."""
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), berlin)
    first = round(midnight.timestamp() * 1000)
    return frame.with_columns(time=first + (pl.int_range(pl.len()) % hours) * HOUR_MS)


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_a_day_of_25_hours_has_25(draft, measures, day, hours):
    draft.time_zone, draft.data_date = "Europe/Berlin", day
    draft.frames[day] = draft.frames.pop("2026-01-05")
    draft.splits = {name: draft.splits.get(name, "test") for name in draft.frames}
    for name in draft.frames:
        draft.frames[name] = hourly(draft.frames[name], name, hours if name == day else 24)
    assert {taken.seen for taken in measures(draft, "silent_hours")["silent_hours"]} == {0}


def test_a_source_without_times_is_not_measured(draft, measures):
    draft.change(pl.lit(None, dtype=pl.Int64).alias("time"))
    assert longest(measures, draft, "2026-01-04") is None
