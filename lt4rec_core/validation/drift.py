"""Validation and test days look like the training days before them, field by field."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.subject import Subject
from lt4rec_core.validation.tally import Array, FieldTally

# The most frequent ids are compared one by one, the others together.
_BINS = 30
# A bin must promise this many rows on the smaller side, or chance rules its share.
_FEWEST = 20


def psi(reference_K: Array, current_K: Array) -> float:
    """Population stability index of two histograms, freed of its small-sample bias.

    sum (p - q) ln(p / q), of which (K - 1)(1/n + 1/m) is expected by chance alone
    (Yurdakul, "Statistical properties of PSI", 2018), is subtracted; never below 0.
    Half a row is added to each bin, so that an empty one counts finitely.
    """
    n, m = reference_K.sum(), current_K.sum()
    bins = len(reference_K)
    p_K = (reference_K + 0.5) / (n + 0.5 * bins)
    q_K = (current_K + 0.5) / (m + 0.5 * bins)
    raw = float(((p_K - q_K) * np.log(p_K / q_K)).sum())
    return max(0.0, raw - (bins - 1) * float(1 / n + 1 / m))


def _bins(tally: FieldTally, reference_T: Array, current_T: Array) -> Array:
    """Index of the bin of each id, int64 [T]; -1 where an id isn't compared.

    Ids hashed to out-of-vocabulary buckets are left to `oov_share`: the vocabulary
    is fitted on the reference, which has fewer of them by construction.
    """
    bin_T = np.full(len(reference_T), -1, dtype=np.int64)
    compared = np.ones(len(reference_T), dtype=bool)
    compared[1 : 1 + tally.table.oov_buckets] = False
    reference_T = np.where(compared, reference_T, 0)
    current_T = np.where(compared, current_T, 0)
    n, m = reference_T.sum(), current_T.sum()
    # Both sides choose, so that an id which is new or gone can't hide in the rest.
    share_T = reference_T / max(n, 1) + current_T / max(m, 1)
    top = np.argsort(-share_T, kind="stable")[:_BINS]
    top = top[share_T[top] * min(n, m) >= 2 * _FEWEST]
    bin_T[compared] = len(top)
    bin_T[top] = np.arange(len(top))
    return bin_T


def _compare(tally: FieldTally, reference_T: Array, current_T: Array) -> tuple[float, str]:
    bin_T = _bins(tally, reference_T, current_T)
    used = bin_T >= 0
    bins = int(bin_T.max()) + 1
    p_K, q_K = (
        np.bincount(bin_T[used], weights=counts[used], minlength=bins)
        for counts in (reference_T, current_T)
    )
    if min(p_K.sum(), q_K.sum()) == 0:
        return float("nan"), "no known ids on one of the sides"
    change_K = q_K / q_K.sum() - p_K / p_K.sum()
    most = int(np.argmax(np.abs(change_K)))
    where = f"id {int(np.flatnonzero(bin_T == most)[0])}" if most < bins - 1 else "the rarer ids"
    before, now = p_K[most] / p_K.sum(), q_K[most] / q_K.sum()
    return psi(p_K, q_K), f"most on {where}: {before:.3g} -> {now:.3g} of the rows"


def _measure_drift(subject: Subject, tally: FieldTally) -> Iterator[Measure]:
    reference = [day.name for day in subject.train_days if day.name in tally.days]
    reference = reference[-subject.settings.reference_days :]
    for day in subject.held_out_days:
        if not reference or day.name not in tally.days:
            continue
        before_T = np.sum([tally.days[name] for name in reference], axis=0)
        seen, detail = _compare(tally, before_T, tally.days[day.name])
        yield Measure(
            f"id.{tally.field.name}",
            day.name,
            None if np.isnan(seen) else seen,
            high=subject.settings.max_psi,
            detail=detail,
        )


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


DRIFT = Expectation(
    about="A field's ids are distributed as on the reference days (PSI).",
    severity="warning",
    measure_field=_measure_drift,
)
OOV_SHARE = Expectation(
    about="The share of a field's values outside the vocabulary stays below the bound.",
    severity="warning",
    measure_field=_measure_oov,
)
