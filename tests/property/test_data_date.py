from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.config import Ingest
from lt4rec_core.retraining.data_date import data_date_of

# Clocks changed by an hour, by half an hour, at midnight, and not at all.
ZONES = st.sampled_from(
    [
        *("UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/New_York"),
        *("America/Santiago", "Australia/Lord_Howe", "Pacific/Chatham"),
    ]
)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
DELAYS = st.integers(0, 96)


@given(ZONES, DAYS, st.times(), DELAYS)
def test_a_schedule_at_one_local_time_goes_through_the_calendar_day_by_day(
    zone: str, first: date, at: time, delay: int
) -> None:
    settings = Ingest(time_zone=zone, delay_hours=delay)
    local = [
        datetime.combine(first + timedelta(days=k), at, ZoneInfo(zone)).astimezone(UTC)
        for k in range(3)
    ]
    # A local time that the clocks skipped stands for another one, on the same day but at midnight.
    if any(moment.astimezone(ZoneInfo(zone)).time() != at for moment in local):
        return
    days = [date.fromisoformat(data_date_of(moment.isoformat(), settings)) for moment in local]
    assert [(later - days[0]).days for later in days] == [0, 1, 2]


@given(ZONES, st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)), DELAYS)
def test_the_same_moment_is_the_same_day_however_its_offset_is_written(
    zone: str, moment: datetime, delay: int
) -> None:
    settings = Ingest(time_zone=zone, delay_hours=delay)
    universal = moment.replace(tzinfo=UTC)
    elsewhere = universal.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert data_date_of(universal.isoformat(), settings) == data_date_of(
        elsewhere.isoformat(), settings
    )


@given(ZONES, st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)), DELAYS)
def test_later_moments_are_about_no_earlier_day_but_for_the_hour_that_comes_twice(
    zone: str, moment: datetime, delay: int
) -> None:
    settings = Ingest(time_zone=zone, delay_hours=delay)
    start = moment.replace(tzinfo=UTC)
    days = [
        data_date_of((start + timedelta(hours=hours)).isoformat(), settings)
        for hours in range(0, 72, 2)
    ]
    assert days == sorted(days)
