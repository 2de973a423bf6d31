"""AUC: the chance that a positive row is scored above a negative one, ties counting half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.metric import (
    Array,
    Codes,
    Metric,
    Resampled,
    Undefined,
    checked_binary,
)

Places = NDArray[np.intp]

EXACT_ROWS = 2_000_000
"""Rows up to which replicates are exact; a thousand of them take about a minute then."""


def compute(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    groups_N: NDArray[np.generic] | None = None,  # noqa: ARG001 - the protocol's
    weights_N: NDArray[np.generic] | None = None,
) -> float:
    """Returns the exact area under the ROC curve (Mann-Whitney U with midranks).

    Raises:
        Undefined: labels aren't 0 or 1, or only one class has weight.
    """
    labels, predictions, weights_all = checked_binary(labels_N, predictions_N, weights_N)
    positive = labels == 1.0
    alike = weights_N is None
    negatives, weights = _rising(predictions[~positive], weights_all[~positive], alike)
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    positives, weights = _rising(predictions[positive], weights_all[positive], alike)
    total = mass[-1] * weights.sum()
    if not total > 0:
        raise Undefined(f"only one class: every label is {int(mass[-1] == 0)}")
    # Between the two sides of a tie lies the midrank.
    below = mass[np.searchsorted(negatives, positives, "left")]
    upto = mass[np.searchsorted(negatives, positives, "right")]
    return float(weights @ (below + upto) / 2 / total)


def _rising(predictions_N: Array, weights_N: Array, alike: bool) -> tuple[Array, Array]:
    """Returns the predictions as they rise, and their weights.

    Where all weights are `alike`, values alone are sorted, in a third of the time.
    """
    if alike:
        return np.sort(predictions_N), weights_N
    values, order = _sorted(predictions_N)
    return values, weights_N[order]


def resample(labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
    """Sorts once; a replicate then costs one running sum over the negatives.

    Above `EXACT_ROWS` rows, a replicate costs one sum over the users; see `_by_influence`.
    """
    positive = labels_N == 1.0
    negatives, order = _sorted(predictions_N[~positive])
    users_neg = users_N[~positive][order]
    positives, order = _sorted(predictions_N[positive])
    users_pos = users_N[positive][order]
    left = np.searchsorted(negatives, positives, "left")
    right = np.searchsorted(negatives, positives, "right")
    if len(labels_N) > EXACT_ROWS:
        return _by_influence(left, right, users_pos, users_neg, int(users_N.max()) + 1)

    def areas(draws_RU: NDArray[np.int64]) -> Array:
        return np.array([area(draws_U) for draws_U in draws_RU])

    def area(draws_U: NDArray[np.int64]) -> float:
        mass = np.zeros(len(users_neg) + 1)
        np.cumsum(draws_U[users_neg], out=mass[1:])
        drawn = draws_U[users_pos].astype(np.float64)
        total = mass[-1] * drawn.sum()
        return float(drawn @ (mass[left] + mass[right])) / 2 / total if total > 0 else np.nan

    return areas


def _by_influence(
    left_P: Places, right_P: Places, users_pos: Codes, users_neg: Codes, users: int
) -> Resampled:
    """Resamples by each user's first-order influence on the area.

    The pairs that are ordered well are a quadratic form of the draws. What is left out is
    its part of second order, the pairs of two users who are both drawn more or less often
    than once, less what it would be if their pairs were ordered as well as any. Beside the
    spread of the replicates it is of the order of 1 / sqrt(users).

    Args:
        left_P: how many negatives are scored below each positive; both are sorted.
        right_P: how many aren't scored above it.
        users_pos: each positive's user [P].
        users_neg: each negative's user [N].
        users: U.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 22.
    """
    positives, negatives = len(users_pos), len(users_neg)
    # A positive beats the negatives below it, and half of those that it ties with.
    edges_N = np.bincount(left_P, minlength=negatives + 1)
    edges_N += np.bincount(right_P, minlength=negatives + 1)
    beaten_N = positives - np.cumsum(edges_N)[:negatives] / 2
    pairs_U = np.bincount(users_pos, (left_P + right_P) / 2, users)
    area = float(pairs_U.sum()) / (positives * negatives)
    pairs_U += np.bincount(users_neg, beaten_N, users)
    positive_U = np.bincount(users_pos, minlength=users)
    negative_U = np.bincount(users_neg, minlength=users)
    influence_U = pairs_U - area * (negatives * positive_U + positives * negative_U)
    sums_U3 = np.stack([influence_U, positive_U, negative_U], axis=1)

    def areas(draws_RU: NDArray[np.int64]) -> Array:
        moved_R, positive_R, negative_R = (draws_RU @ sums_U3).T
        total_R = positive_R * negative_R
        area_R = np.full(len(total_R), np.nan)
        np.divide(moved_R, total_R, out=area_R, where=total_R > 0)
        area_R += area
        return area_R

    return areas


def _sorted(values: Array) -> tuple[Array, Places]:
    """Returns the values as they rise, and where each stood; ties in any order."""
    order = np.argsort(values)
    return values[order], order


AUC = Metric(name="auc", higher_is_better=True, compute=compute, resample=resample)
