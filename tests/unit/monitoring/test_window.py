from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from lt4rec_core.monitoring import Day
from lt4rec_core.monitoring.window import days_between, usual


def rows(day: Day) -> float | None:
    return day.rows


def test_window_reaches_back_by_the_calendar_and_leaves_the_day_out(
    make_day: Callable[..., Day],
) -> None:
    days = [make_day(place, rows=100 * place) for place in (0, 5, 8, 9)]
    found = usual(make_day(10, rows=10**6), days, 5, 2, rows)
    assert found is not None
    assert (found.days, found.mean) == (3, pytest.approx((500 + 800 + 900) / 3))


def test_too_few_days_are_no_window(make_day: Callable[..., Day]) -> None:
    assert usual(make_day(2), [make_day(0), make_day(1, rows=None)], 7, 2, rows) is None


def test_days_without_dates_are_counted(make_day: Callable[..., Day]) -> None:
    days = [make_day(place, date="", rows=place) for place in range(5)]
    found = usual(make_day(5, date=""), days, 2, 2, rows)
    assert found is not None
    assert (found.days, found.mean) == (2, 3.5)


def test_another_run_of_the_day_itself_does_not_count(make_day: Callable[..., Day]) -> None:
    day = make_day(3)
    assert (
        usual(day, [dataclasses.replace(day, run_id=str(n)) for n in range(3)], 7, 2, rows) is None
    )


def test_days_between_dates(make_day: Callable[..., Day]) -> None:
    assert days_between(make_day(0), make_day(31)) == 31
    assert days_between(make_day(0, date=""), make_day(31)) is None
