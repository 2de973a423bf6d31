"""Hours without rows, counted in the day's own time zone."""

from __future__ import annotations

import datetime

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


@pytest.mark.parametrize(("day", "hours"), [("2025-10-26", 25), ("2026-03-29", 23)])
def test_a_day_of_25_hours_has_25(draft, measures, day, hours):
    draft.time_zone, draft.data_date = "Europe/Berlin", day
    old = "2026-01-05"
    start = datetime.datetime.fromisoformat(f"{day}T00:00:00+0{1 if hours == 23 else 2}:00")
    first = round(start.timestamp() * 1000)
    rows = draft.frames.pop(old)
    # One row an hour, the day's last one too: a day thought an hour longer would be silent there.
    times = [first + (place % hours) * HOUR_MS for place in range(rows.height)]
    draft.frames[day] = rows.with_columns(pl.Series("time", times))
    draft.splits = {d: s for d, s in draft.splits.items() if d != old} | {day: "test"}
    counted = measures(draft, "silent_hours")["silent_hours"]
    assert [taken.seen for taken in counted if taken.day == day] == [0]


def test_a_source_without_times_is_not_measured(draft, measures):
    draft.change(pl.lit(None, dtype=pl.Int64).alias("time"))
    assert longest(measures, draft, "2026-01-04") is None
