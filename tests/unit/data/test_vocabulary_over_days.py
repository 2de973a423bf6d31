"""A tiny world over 60 days: each item is shown for some days, and new ones come every day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest

from lt4rec_core.config import FeatureField, Ingest
from lt4rec_core.data.encoding import Encoding, fit

DAYS, NEW, LIFE = 60, 5, 4
FIELD = FeatureField(name="item")


def day_of(number: int) -> str:
    return (date(2026, 1, 1) + timedelta(days=number)).isoformat()


def shown(number: int) -> list[str]:
    """Items that are shown on a day: those that are younger than LIFE days."""
    return [f"item-{k}" for k in range(number * NEW, (number + LIFE) * NEW)]


def chain(retire_days: int) -> list[Encoding]:
    """Each day's encoding on a window of two days, with the ids of the day before."""
    settings = Ingest(min_count=1, retire_days=retire_days)
    fitted: list[Encoding] = []
    for number in range(1, DAYS):
        window = {day_of(k): pl.LazyFrame({"item": shown(k)}) for k in (number - 1, number)}
        fitted.append(fit(window, [FIELD], settings, fitted[-1] if fitted else None))
    return fitted


@pytest.fixture(scope="module")
def kept_for_a_week() -> list[Encoding]:
    return chain(7)


def places(encoding: Encoding) -> dict[str, int]:
    return dict(encoding.vocabularies["item"].select("id", "index").iter_rows())


def test_size_is_bounded_by_what_is_shown_within_the_days_until_retirement(
    kept_for_a_week: list[Encoding],
) -> None:
    sizes = [len(places(encoding)) for encoding in kept_for_a_week]
    assert max(sizes) <= NEW * (LIFE + 7 + 1)
    assert sizes[-1] == sizes[20]


def test_without_retirement_it_grows_by_the_new_items_of_every_day() -> None:
    sizes = [len(places(encoding)) for encoding in chain(0)]
    assert sizes[-1] == NEW * (DAYS - 1 + LIFE)


def test_an_item_that_is_shown_keeps_its_place_for_all_its_life(
    kept_for_a_week: list[Encoding],
) -> None:
    for number, (before, after) in enumerate(pairwise(kept_for_a_week), start=1):
        old, new = places(before), places(after)
        assert all(old[item] == new[item] for item in shown(number))


def test_every_item_that_is_shown_has_a_place_of_its_own(kept_for_a_week: list[Encoding]) -> None:
    for number, encoding in enumerate(kept_for_a_week, start=1):
        found = places(encoding)
        assert set(shown(number)) <= set(found)
        assert len(set(found.values())) == len(found)
