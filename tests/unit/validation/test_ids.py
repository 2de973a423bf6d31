"""Ids at the edges of their tables."""

from __future__ import annotations

import polars as pl
import pytest

DAY = "2026-01-04"


@pytest.mark.parametrize(("value", "fails"), [(-1, True), (0, False), (7, False), (8, True)])
def test_single_id(draft, failures, value, fails):
    draft.change(pl.lit(value, dtype=pl.Int32).alias("id.tab"))
    assert (failures(draft, "id_range") == {("id.tab", DAY)}) is fails


@pytest.mark.parametrize(("value", "fails"), [(-1, True), (0, False), (12, False), (13, True)])
def test_one_of_several_ids(draft, failures, value, fails):
    draft.change(pl.lit([5, value], dtype=pl.List(pl.Int32)).alias("id.tags"))
    assert (failures(draft, "id_range") == {("id.tags", DAY)}) is fails


@pytest.mark.parametrize("name", ["id.tab", "id.tags"])
def test_null_is_no_id(draft, failures, name):
    draft.change(pl.lit(None, dtype=draft.frames[DAY].schema[name]).alias(name))
    assert (name, DAY) in failures(draft, "id_missing")


def test_out_of_range_ids_do_not_break_the_other_expectations(draft, failures):
    draft.change(pl.lit(9999, dtype=pl.Int32).alias("id.tab"), day="2026-01-01")
    assert failures(draft) == {("id.tab", "2026-01-01")}
