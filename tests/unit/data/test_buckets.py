from __future__ import annotations

import math

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.data import buckets

NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=30)


def fit(values: list[float | None], parts: int) -> tuple[float, ...]:
    return buckets.fit(pl.LazyFrame({"x": pl.Series(values, dtype=pl.Float64)}), parts)


def encode(values: list[float | None], boundaries: tuple[float, ...]) -> list[int]:
    frame = pl.LazyFrame({"x": pl.Series(values, dtype=pl.Float64)})
    return frame.select(buckets.encode(pl.col("x"), boundaries)).collect()["x"].to_list()


def test_buckets_hold_about_one_share_each() -> None:
    boundaries = fit([float(value) for value in range(100)], 4)
    assert boundaries == (24.0, 49.0, 74.0)


def test_repeated_values_leave_fewer_buckets() -> None:
    assert fit([0.0] * 90 + [5.0] * 10, 4) == ()
    assert fit([0.0] * 40 + [5.0] * 60, 4) == (5.0,)


def test_a_column_without_numbers_has_no_boundaries() -> None:
    assert fit([None, math.nan, math.inf], 4) == ()


def test_what_is_no_finite_number_is_missing() -> None:
    assert encode([None, math.nan, -math.inf, math.inf], (1.0, 2.0)) == [0, 0, 0, 0]


def test_a_boundary_belongs_to_the_bucket_above_it() -> None:
    assert encode([0.9, 1.0, 1.1, 2.0], (1.0, 2.0)) == [1, 2, 2, 3]


def test_a_column_without_boundaries_has_one_bucket() -> None:
    assert encode([None, 3.0], ()) == [0, 1]


@given(NUMBERS, st.integers(2, 8))
def test_boundaries_rise_strictly_and_never_outnumber_what_was_asked(
    values: list[float], parts: int
) -> None:
    boundaries = fit(list(values), parts)
    assert list(boundaries) == sorted(set(boundaries))
    assert len(boundaries) < parts


@given(st.randoms(use_true_random=False), NUMBERS, st.integers(2, 8))
def test_boundaries_do_not_depend_on_the_order_of_rows(
    random: object, values: list[float], parts: int
) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fit(list(values), parts) == fit(list(shuffled), parts)


@given(NUMBERS, st.integers(2, 8))
def test_indices_are_those_of_numpy(values: list[float], parts: int) -> None:
    boundaries = fit(list(values), parts)
    expected = np.searchsorted(np.array(boundaries), values, side="right") + 1
    expected[~np.isfinite(values)] = 0
    assert encode(list(values), boundaries) == expected.tolist()
