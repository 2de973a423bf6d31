"""Repeated impression ids are counted exactly, whatever part of the hashes they fall in."""

from __future__ import annotations

import polars as pl
import pytest

from lt4rec_core.tracking import SilentTracker
from lt4rec_core.validation import duplicates
from lt4rec_core.validation.count import measure
from lt4rec_core.validation.registry import EXPECTATIONS
from lt4rec_core.validation.rows import offending_rows
from lt4rec_core.validation.subject import subject_of


@pytest.fixture
def repeats(draft, write, config_of):
    def repeats():
        subject = subject_of(config_of(draft), write(draft))
        asked = {"duplicates": EXPECTATIONS["duplicates"]}
        (taken,) = measure(subject, asked, SilentTracker())["duplicates"]
        return taken.seen, offending_rows(subject, taken)

    return repeats


def test_every_row_beyond_the_first_counts(draft, repeats):
    draft.change(
        pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("x")).otherwise("row_id").alias("row_id")
    )
    seen, rows = repeats()
    assert seen == 2
    assert [row["row_id"] for row in rows] == ["x", "x", "x"]


def test_repeats_on_two_days_are_found_and_shown(draft, repeats):
    draft.change(pl.lit("2026-01-05/").add(pl.int_range(pl.len()).cast(pl.String)).alias("row_id"))
    seen, rows = repeats()
    assert seen == 400
    assert {row["day"] for row in rows} <= {"2026-01-04", "2026-01-05"}


@pytest.mark.parametrize("at_once", [100, 300, 2000])
def test_count_does_not_depend_on_the_parts(draft, repeats, monkeypatch, at_once):
    monkeypatch.setattr(duplicates, "_ROWS_AT_ONCE", at_once)
    draft.change(pl.lit("2026-01-05/").add(pl.int_range(pl.len()).cast(pl.String)).alias("row_id"))
    assert repeats()[0] == 400
