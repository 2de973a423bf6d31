"""What an expectation is, and what it measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from lt4rec_core.config.data import Severity

if TYPE_CHECKING:
    from lt4rec_core.validation.subject import Day, Subject
    from lt4rec_core.validation.tally import FieldTally

ALL_DAYS = "all days"

Counts = Mapping[str, Mapping[str, float]]
"""Counted over every row: day -> key of `Expectation.count` (and `rows`) -> number."""


@dataclass(frozen=True)
class Measure:
    """One number held against its bounds, for one column on one day (or on `ALL_DAYS`).

    Attributes:
        column: column of the dataset that is measured, or what stands for one.
        day: a day of the dataset, or `ALL_DAYS`.
        seen: the number; None where it can't be had, with the reason in `detail`.
        low, high: the least and the greatest value allowed.
        detail: what a reader needs besides the number.
        offending: picks the rows to show where the measure fails.
        show: columns shown of these rows, besides `row_id`, `user` and `column`.
    """

    column: str
    day: str
    seen: float | None
    low: float = -math.inf
    high: float = math.inf
    detail: str = ""
    offending: pl.Expr | None = None
    show: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expectation:
    """Something that must hold of a dataset; its key in the registry is its name.

    Attributes:
        about: what is expected, in one sentence.
        severity: what a failure means where the configuration doesn't say.
        count: aggregates over all rows of one day, by key; evaluated together with
            those of all other expectations in one streaming pass.
        measure: the numbers to judge, from what was counted on all days.
        measure_field: the numbers to judge of one field, from the tally of its ids.
    """

    about: str
    severity: Severity
    count: Callable[[Subject, Day], dict[str, pl.Expr]] | None = None
    measure: Callable[[Subject, Counts], Iterable[Measure]] | None = None
    measure_field: Callable[[Subject, FieldTally], Iterable[Measure]] | None = None
