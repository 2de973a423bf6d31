"""A day isn't another day's copy with new ids and dates.

The same user seeing the same item at the same time of day, to the millisecond, is no
chance. Only hashes are held, 8 bytes a row, of two days at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.order import midnight
from lt4rec_core.validation.subject import Day, Subject


def _hashes(subject: Subject, day: Day) -> npt.NDArray[np.uint64]:
    """One number for each distinct user, item and time of day of the day's rows."""
    clock = pl.col("time") - midnight(subject, day.name)
    rows = day.scan().filter(pl.col("time").is_not_null())
    hashed = rows.select(pl.struct("user", "item", clock).hash(seed=4)).collect(engine="streaming")
    return np.unique(hashed.to_series().to_numpy())


def _measure(subject: Subject, _counts: Counts) -> Iterator[Measure]:
    before: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
    days = [day for day in subject.days if subject.holds(day, "user", "item", "time")]
    for place, day in enumerate(days if subject.dated else []):
        now = _hashes(subject, day)
        if place and len(now):
            same = len(np.intersect1d(now, before, assume_unique=True))
            detail = f"{same:,} of {len(now):,} stand at the same time of {days[place - 1].name}"
            high = subject.settings.max_copied_share
            yield Measure("rows", day.name, same / len(now), high=high, detail=detail)
        before = now


COPIED_ROWS = Expectation(
    about="Hardly any row repeats user, item and time of day of a row of the day before.",
    severity="error",
    measure=_measure,
)
