"""Drift is told from chance, and new ids from drift."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.validation.drift import psi


def test_equal_histograms_have_no_psi():
    same = np.array([10.0, 20.0, 30.0])
    assert psi(same, same, 60, 60) == 0


def test_psi_is_symmetric():
    a, b = np.array([10.0, 90.0]), np.array([50.0, 50.0])
    assert psi(a, b, 100, 100) == pytest.approx(psi(b, a, 100, 100))


def test_psi_has_the_textbook_value_on_large_samples():
    a, b = np.array([5e8, 5e8]), np.array([8e8, 2e8])
    expected = 0.3 * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert psi(a, b, 1e9, 1e9) == pytest.approx(expected, rel=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 30))
def test_small_samples_of_one_distribution_stay_far_below_the_bound(seed, bins):
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(bins, 5.0))
    before, now = rng.multinomial(3000, share), rng.multinomial(400, share)
    assert psi(before.astype(float), now.astype(float), 3000, 400) < 0.25


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=20), st.integers(0, 100))
def test_psi_is_finite_and_not_negative(counts, more):
    before = np.array(counts, dtype=float)
    now = np.roll(before, 1) + more
    assert 0 <= psi(before, now, before.sum() + 1, now.sum() + 1) < np.inf


def test_new_items_are_not_called_drift(draft, failures):
    new = pl.int_range(pl.len()) % 2 == 0
    draft.change(
        pl.when(new).then(pl.lit(3, dtype=pl.Int32)).otherwise(pl.col("id.item")).alias("id.item")
    )
    assert failures(draft, "drift") == set()


def test_drift_of_a_multi_valued_field_is_seen(draft, failures):
    draft.change(pl.lit([6], dtype=pl.List(pl.Int32)).alias("id.tags"))
    assert failures(draft, "drift") == {("id.tags", "2026-01-04")}


def test_drift_of_a_numeric_field_is_seen(draft, failures):
    draft.change(pl.lit(3, dtype=pl.Int32).alias("id.age"))
    assert failures(draft, "drift") == {("id.age", "2026-01-04")}


def test_drift_to_missing_values_is_seen(draft, failures):
    draft.change(pl.lit(0, dtype=pl.Int32).alias("id.tab"))
    assert failures(draft, "drift") == {("id.tab", "2026-01-04")}


def test_a_few_heavy_users_are_not_called_drift(draft, failures):
    """Rows of one user share the user's attributes: five users prove nothing about tabs."""
    few = pl.int_range(pl.len()) % 5
    draft.change(few.cast(pl.String).alias("user"), (5 + few % 2).cast(pl.Int32).alias("id.tab"))
    assert failures(draft, "drift") == set()


def test_what_came_yesterday_to_stay_is_no_drift_since_yesterday(draft, failures):
    for day in ("2026-01-04", "2026-01-05"):
        draft.change(pl.lit(0, dtype=pl.Int32).alias("id.tab"), day=day)
    assert failures(draft, "drift_since_yesterday") == set()
