"""Validation and test days look like the training days before them, field by field."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import numpy as np

from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.subject import Subject
from lt4rec_core.validation.tally import REFERENCE, Array, FieldTally

# The most frequent ids are compared one by one, the others together.
_BINS = 30
# A bin must promise this many independent rows on the smaller side, or chance rules its share.
_FEWEST = 10


def psi(reference_K: Array, current_K: Array, n: float, m: float) -> float:
    """Population stability index of two histograms, freed of its small-sample bias.

    sum (p - q) ln(p / q), less (K - 1)(1/n + 1/m), which chance alone is expected to
    make of `n` and `m` independent rows (Yurdakul, "Statistical properties of PSI",
    2018); never below 0. Half a row is added to each bin, so that an empty one counts
    finitely.
    """
    bins = len(reference_K)
    p_K = (reference_K + 0.5) / (reference_K.sum() + 0.5 * bins)
    q_K = (current_K + 0.5) / (current_K.sum() + 0.5 * bins)
    raw = float(((p_K - q_K) * np.log(p_K / q_K)).sum())
    return max(0.0, raw - (bins - 1) * (1 / n + 1 / m))


def _known(tally: FieldTally, counted_T: Array) -> Array:
    """Occurrences of missing and known ids, float64 [T].

    Ids hashed to out-of-vocabulary buckets are left to `oov_share`: the vocabulary
    is fitted on the reference, which has fewer of them by construction.
    """
    known_T: Array = counted_T.astype(np.float64)
    known_T[1 : 1 + tally.table.oov_buckets] = 0
    return known_T


def _compare(
    tally: FieldTally, reference_T: Array, current_T: Array, n: float, m: float
) -> tuple[float | None, str]:
    """PSI between two days' occurrences, worth `n` and `m` independent rows; the widest gap."""
    before_T, now_T = _known(tally, reference_T), _known(tally, current_T)
    given = max(1, reference_T.sum()), max(1, current_T.sum())
    return distance(before_T, now_T, n * before_T.sum() / given[0], m * now_T.sum() / given[1])


def distance(before_T: Array, now_T: Array, n: float, m: float) -> tuple[float | None, str]:
    """PSI of T values' occurrences, float64, on two sides that are worth `n` and `m` rows.

    Rare values count together. The second part says where the gap is widest, or why there
    is no PSI.
    """
    before, now = before_T.sum(), now_T.sum()
    if min(before, now) == 0:
        return None, "no known ids on one of the sides"
    # Both sides choose, so that an id which is new or gone can't hide among the rarer ones.
    share_T = before_T / before + now_T / now
    top = np.argsort(-share_T, kind="stable")[:_BINS]
    top = top[share_T[top] * min(n, m) >= 2 * _FEWEST]
    if len(top) == 0:
        return None, "no id is frequent enough to be compared"
    before_K = np.append(before_T[top], before - before_T[top].sum())
    now_K = np.append(now_T[top], now - now_T[top].sum())
    most = int(np.argmax(np.abs(now_K / now - before_K / before)))
    where = f"id {top[most]}" if most < len(top) else "the rarer ids"
    detail = f"most on {where}: {before_K[most] / before:.3g} -> {now_K[most] / now:.3g} of the ids"
    return psi(before_K, now_K, n, m), detail


def _measure_drift(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    return _shifted(subject, tally, subject.settings.max_psi)


def _measure_shift(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    return _shifted(subject, tally, subject.settings.max_shift_psi)


def _shifted(subject: Subject, tally: FieldTally, high: float) -> Iterator[Measure]:
    for day in subject.held_out_days:
        if not tally.reference or day.name not in tally.days:
            continue
        before_T = np.sum([tally.days[name] for name in tally.reference], axis=0)
        worth = (tally.independent[REFERENCE], tally.independent[day.name])
        seen, detail = _compare(tally, before_T, tally.days[day.name], *worth)
        yield Measure(f"id.{tally.field.name}", day.name, seen, high=high, detail=detail)


def _measure_since_yesterday(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    """The reference days are a mean of many, and end before yesterday."""
    held_out = [day.name for day in subject.held_out_days if day.name in tally.days]
    if not subject.dated or len(held_out) < 2:
        return
    before, today = held_out[-2:]
    worth = (tally.independent[before], tally.independent[today])
    seen, detail = _compare(tally, tally.days[before], tally.days[today], *worth)
    high = subject.settings.max_psi
    yield Measure(f"id.{tally.field.name}", today, seen, high=high, detail=detail)


def _measure_oov(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    if tally.table.oov_buckets == 0:
        return
    for day, count_T in tally.days.items():
        given = count_T[1:].sum()
        unknown = count_T[1 : 1 + tally.table.oov_buckets].sum()
        yield Measure(
            f"id.{tally.field.name}",
            day,
            float(unknown / given) if given else None,
            high=subject.settings.max_oov_share,
            detail=f"{unknown:,} of {given:,} values" if given else "every value is missing",
        )


def _measure_known(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    """Held-out days are compared with those before: training days know their own ids."""
    shares: list[float] = []
    for day in (day.name for day in subject.held_out_days if day.name in tally.days):
        count_T = tally.days[day]
        given = count_T[1:].sum()
        if tally.table.oov_buckets == 0 or not given:
            continue
        share = count_T[1 + tally.table.oov_buckets :].sum() / given
        if usual := statistics.median(shares or [0.0]):
            detail = f"{share:.2%} of the values are known; before, {usual:.2%} were (median)"
            low = subject.settings.min_known_ratio
            seen = float(share / usual)
            yield Measure(f"id.{tally.field.name}", day, seen, low=low, detail=detail)
        shares.append(float(share))


DRIFT = Expectation(
    about="A field's ids are distributed as on the reference days (PSI).",
    severity="warning",
    measure_field=_measure_drift,
)
DRIFT_SINCE_YESTERDAY = Expectation(
    about="A field's ids are distributed on the test day as on the day before (PSI).",
    severity="warning",
    measure_field=_measure_since_yesterday,
)
SHIFT = Expectation(
    about="No field's ids are distributed altogether otherwise than on the reference days (PSI).",
    severity="error",
    measure_field=_measure_shift,
)
KNOWN_CHANGE = Expectation(
    about="A field's values are known about as often as on the held-out days before.",
    severity="error",
    measure_field=_measure_known,
)
OOV_SHARE = Expectation(
    about="The share of a field's values outside the vocabulary stays below the bound.",
    severity="warning",
    measure_field=_measure_oov,
)
