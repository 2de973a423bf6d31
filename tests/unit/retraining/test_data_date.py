from __future__ import annotations

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.errors import ConfigError
from lt4rec_core.retraining.data_date import data_date_of

BERLIN = Ingest(time_zone="Europe/Berlin", delay_hours=24)


@pytest.mark.parametrize(
    "scheduled, settings, day",
    [
        ("2026-01-05T03:00:00Z", Ingest(), "2026-01-04"),
        ("2026-01-05T03:00:00+08:00", Ingest(time_zone="Asia/Shanghai"), "2026-01-04"),
        ("2026-01-04T17:00:00Z", Ingest(time_zone="Asia/Shanghai"), "2026-01-04"),
        ("2026-01-05T03:00:00Z", Ingest(delay_hours=2), "2026-01-05"),
        ("2026-01-05T03:00:00Z", Ingest(delay_hours=3.5), "2026-01-04"),
    ],
)
def test_the_day_is_that_of_the_delayed_moment_in_the_zone(
    scheduled: str, settings: Ingest, day: str
) -> None:
    assert data_date_of(scheduled, settings) == day


@pytest.mark.parametrize(
    "scheduled, day",
    [
        # Half past midnight after the day of 23 hours, and after the one of 25.
        ("2026-03-30T00:30:00+02:00", "2026-03-29"),
        ("2026-10-26T00:30:00+01:00", "2026-10-25"),
    ],
)
def test_a_day_of_another_length_is_neither_skipped_nor_repeated(scheduled: str, day: str) -> None:
    assert data_date_of(scheduled, BERLIN) == day


def test_a_placeholder_that_nobody_filled_in_is_named() -> None:
    with pytest.raises(ConfigError, match="give the run its data_date"):
        data_date_of("{{$.pipeline_job_schedule_time_utc}}", Ingest())


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-01-05T03:00:00", "2026-01-05"])
def test_a_moment_without_offset_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a moment with its offset"):
        data_date_of(text, Ingest())


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ingest\.time_zone is 'Mars/Base'"):
        data_date_of("2026-01-05T03:00:00Z", Ingest(time_zone="Mars/Base"))
