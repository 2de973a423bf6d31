"""How sure a gain is: a percentile interval from users drawn again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.metric import (
    Array,
    Codes,
    Metric,
    Resampled,
    Undefined,
    checked,
    user_codes,
)

_CELLS = 4_000_000
"""Draws [replicates, users] held at a time: 32 MB of int64, whatever is asked for."""


@dataclass(frozen=True)
class Interval:
    """The middle `confidence` of the bootstrap replicates."""

    low: float
    high: float


def gain_interval(
    metric: Metric,
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    reference_N: NDArray[np.generic],
    users_N: NDArray[np.generic],
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> Interval:
    """Returns the interval of `metric.gain(predictions, reference)` over drawn users.

    Users, not rows, are drawn with replacement, because a user's impressions
    aren't independent; both predictions are judged on the same draws, so that what
    they have in common cancels. The same seed gives the same interval.

    Raises:
        Undefined: no replicates, a single user, a metric without value on these
            rows, or one that most draws leave without value.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", chapters 8 and 13.
    """
    if replicates == 0:
        raise Undefined("no bootstrap replicates were asked for")
    value_R, reference_R = (
        replicate_values(metric, labels_N, values_N, users_N, replicates=replicates, seed=seed)
        for values_N in (predictions_N, reference_N)
    )
    return _middle(_gains(metric, value_R, reference_R), confidence)


def metric_interval(
    metric: Metric,
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    users_N: NDArray[np.generic],
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> Interval:
    """Returns the interval of the metric itself over drawn users; raises as `gain_interval`."""
    values_R = replicate_values(
        metric, labels_N, predictions_N, users_N, replicates=replicates, seed=seed
    )
    return _middle(values_R, confidence)


def _middle(values_R: Array, confidence: float) -> Interval:
    """Returns the middle `confidence` of replicates; Undefined where most have no value."""
    defined = values_R[np.isfinite(values_R)]
    if len(defined) * 2 < len(values_R):
        raise Undefined(
            f"{len(values_R) - len(defined)} of {len(values_R)} replicates are undefined"
        )
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return Interval(low=float(low), high=float(high))


def replicate_values(
    metric: Metric,
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    users_N: NDArray[np.generic],
    *,
    replicates: int,
    seed: int,
) -> Array:
    """Returns the metric over drawn users [R], NaN where a draw leaves it without value.

    Predictions of the same rows are judged on the same draws where the seed is the
    same, so differences of these values are the gains that `gain_interval` ranks.

    Raises:
        Undefined: no replicates, a single user, or a metric without value on these rows.
    """
    if replicates == 0:
        raise Undefined("no bootstrap replicates were asked for")
    labels, predictions, _ = checked(labels_N, predictions_N, None)
    users, drawable = _codes(users_N)
    metric.compute(labels, predictions, users)
    value_of = _resampled(metric, labels, predictions, users)
    rng = np.random.default_rng(seed)
    return np.concatenate([value_of(draws) for draws in _draws(rng, replicates, drawable)])


def _codes(users_N: NDArray[np.generic]) -> tuple[Codes, int]:
    """Returns the users as codes 0 … U-1, and U; Undefined where that is 1."""
    users = user_codes(users_N)
    there = np.bincount(users) > 0
    drawable = int(there.sum())
    if drawable < len(there):
        users = (np.cumsum(there) - 1)[users]
    if drawable <= 1:
        raise Undefined("one user only: there is nothing to draw from")
    return users, drawable


def _draws(rng: np.random.Generator, replicates: int, users: int) -> Iterator[NDArray[np.int64]]:
    """Gives [R, U] pieces of how often each user is drawn; how they're cut changes nothing."""
    at_once = max(1, _CELLS // users)
    for start in range(0, replicates, at_once):
        size = min(at_once, replicates - start)
        yield np.stack(
            [np.bincount(rng.integers(users, size=users), minlength=users) for _ in range(size)]
        )


def _gains(metric: Metric, value_R: Array, reference_R: Array) -> Array:
    return value_R - reference_R if metric.higher_is_better else reference_R - value_R


def _resampled(metric: Metric, labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
    if metric.resample is not None:
        return metric.resample(labels_N, predictions_N, users_N)

    def with_weights(draws_RU: NDArray[np.int64]) -> Array:
        return np.array([one(draws_U) for draws_U in draws_RU])

    def one(draws_U: NDArray[np.int64]) -> float:
        try:
            return metric.compute(labels_N, predictions_N, users_N, draws_U[users_N])
        except Undefined:
            return np.nan

    return with_weights
