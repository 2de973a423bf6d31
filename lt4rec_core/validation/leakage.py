"""No feature tells the label.

A feature's power is measured the way the network could use it: on one half of the
training rows each id is given the mean label of its rows, and the other half is
judged. An id that is seen once learns nothing that the other half confirms, so tables
of a million ids raise no false alarm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from lt4rec_core.validation.expectation import ALL_DAYS, Counts, Expectation, Measure
from lt4rec_core.validation.subject import Day, Label, Subject
from lt4rec_core.validation.tally import Array, FieldTally, LabelSums

# Below this many rows of a class (or of a continuous label) chance alone can tell it.
_FEWEST = 20
# A copy of a label that went through text or another precision differs by no more.
_SAME = 1e-3


def determination(by_id: LabelSums, binary: bool) -> tuple[float | None, str]:
    """How well ids tell a label held out, from 0.5 (not at all) to 1; None with the reason.

    Binary: the AUC. Continuous: (1 + r) / 2, where r^2 is the explained share of the
    variance, so that one bound serves both. `by_id` has the shape [2, T].
    """
    count, total = by_id.count, by_id.total
    if count[0].sum() == 0 or count[1].sum() == 0:
        return None, "no known label on one half of the training rows"
    prior = total[0].sum() / count[0].sum()
    guess_T = (total[0] + prior) / (count[0] + 1)
    if binary:
        positive_T, negative_T = total[1], count[1] - total[1]
        if min(positive_T.sum(), negative_T.sum()) < _FEWEST:
            return None, f"fewer than {_FEWEST} held-out rows of one class"
        return _auc(guess_T, positive_T, negative_T), ""
    if count[1].sum() < _FEWEST:
        return None, f"fewer than {_FEWEST} held-out rows"
    square = by_id.square[1].sum()
    variation = square - total[1].sum() ** 2 / count[1].sum()
    if variation <= 1e-9 * max(square, 1.0):
        return None, "the label is constant"
    left = square - 2 * (guess_T * total[1]).sum() + (guess_T**2 * count[1]).sum()
    return 0.5 + 0.5 * float(np.sqrt(max(0.0, 1 - left / variation))), ""


def presence(by_id: LabelSums, overall: LabelSums) -> float:
    """AUC of the best single id of a multi-valued field, by its presence alone.

    The id is picked on one half (of ids seen on enough rows) and judged on the other.
    """
    power_HT = np.full(by_id.count.shape, 0.5)
    for half in range(2):
        positives, rows = overall.total[half], overall.count[half]
        if min(positives, rows - positives) < _FEWEST:
            return 0.5
        hit_T = by_id.total[half] / positives
        false_T = (by_id.count[half] - by_id.total[half]) / (rows - positives)
        power_HT[half] = 0.5 + 0.5 * np.abs(hit_T - false_T)
    return float(power_HT[1, np.argmax(power_HT[0])])


def _auc(score_T: Array, positive_T: Array, negative_T: Array) -> float:
    levels, level_T = np.unique(score_T, return_inverse=True)
    positive = np.bincount(level_T, weights=positive_T, minlength=len(levels))
    negative = np.bincount(level_T, weights=negative_T, minlength=len(levels))
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def _measure_field(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    for label in subject.labels:
        by_id = tally.by_id[label.name]
        seen, detail = determination(by_id, label.binary)
        if seen is not None and label.binary and tally.field.values == "multi":
            seen = max(seen, presence(by_id, tally.overall[label.name]))
        yield Measure(
            f"{tally.field.name} for {label.name}",
            ALL_DAYS,
            seen,
            high=subject.settings.max_leakage_auc,
            detail=detail or f"field {tally.field.name!r} tells the label {label.name!r}",
            offending=pl.col(label.column).is_not_null(),
            show=(tally.field.column, f"id.{tally.field.name}", label.column),
        )


def _pairs(subject: Subject, day: Day) -> Iterator[tuple[str, Label]]:
    """Single-valued raw columns and the labels that they could be a copy of."""
    if day.split != "train":
        return
    fields = [field for field in subject.dataset.features.fields if field.values == "single"]
    for column in dict.fromkeys(field.column for field in fields):
        for label in subject.labels:
            if subject.holds(day, column, label.column) and label.column in day.schema:
                yield column, label


def _count_copies(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    counted = {}
    for column, label in _pairs(subject, day):
        truth = pl.col(label.column)
        same = (pl.col(column).cast(pl.Float64, strict=False) - truth).abs() <= _SAME
        counted[f"{label.name}.high"] = (truth > 0.5).sum()
        counted[f"{label.name}.low"] = (truth <= 0.5).sum()
        counted[f"{column}={label.name}.high"] = (same & (truth > 0.5)).sum()
        counted[f"{column}={label.name}.low"] = (same & (truth <= 0.5)).sum()
    return counted


def _measure_copies(subject: Subject, counts: Counts) -> Iterator[Measure]:
    pairs = dict.fromkeys(pair for day in subject.train_days for pair in _pairs(subject, day))
    for column, label in pairs:
        shares = []
        for side in ("high", "low"):
            rows, same = (
                sum(counts[day.name].get(f"{key}.{side}", 0) for day in subject.train_days)
                for key in (label.name, f"{column}={label.name}")
            )
            shares.append(same / rows if rows else None)
        known = [share for share in shares if share is not None]
        yield Measure(
            f"{column} for {label.name}",
            ALL_DAYS,
            min(known) if len(known) == 2 else None,
            high=subject.settings.max_leakage_auc,
            detail="" if len(known) == 2 else "the label lies on one side of 0.5 only",
            offending=pl.col(label.column).is_not_null(),
            show=(column, label.column),
        )


LEAKAGE = Expectation(
    about="No field nearly determines a label: its held-out AUC stays below the bound.",
    severity="error",
    measure_field=_measure_field,
)
LABEL_COPY = Expectation(
    about="No feature column repeats a label: the share of equal rows stays below the bound.",
    severity="error",
    count=_count_copies,
    measure=_measure_copies,
)
