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
    labels, predictions, weights = checked_binary(labels_N, predictions_N, weights_N)
    positive = labels == 1.0
    negatives, order = _sorted(predictions[~positive])
    mass = np.concatenate([[0.0], np.cumsum(weights[~positive][order])])
    weights_P = weights[positive]
    total = mass[-1] * weights_P.sum()
    if not total > 0:
        raise Undefined(f"only one class: every label is {int(mass[-1] == 0)}")
    # Between the two sides of a tie lies the midrank.
    positives, order = _sorted(predictions[positive])
    below = mass[np.searchsorted(negatives, positives, "left")]
    upto = mass[np.searchsorted(negatives, positives, "right")]
    return float(weights_P[order] @ (below + upto) / 2 / total)


def resample(labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
    """Sorts once; a replicate then costs one running sum over the negatives."""
    positive = labels_N == 1.0
    negatives, order = _sorted(predictions_N[~positive])
    users_neg = users_N[~positive][order]
    positives, order = _sorted(predictions_N[positive])
    users_pos = users_N[positive][order]
    left = np.searchsorted(negatives, positives, "left")
    right = np.searchsorted(negatives, positives, "right")

    def areas(draws_RU: NDArray[np.int64]) -> Array:
        return np.array([area(draws_U) for draws_U in draws_RU])

    def area(draws_U: NDArray[np.int64]) -> float:
        mass = np.zeros(len(users_neg) + 1)
        np.cumsum(draws_U[users_neg], out=mass[1:])
        drawn = draws_U[users_pos].astype(np.float64)
        total = mass[-1] * drawn.sum()
        return float(drawn @ (mass[left] + mass[right])) / 2 / total if total > 0 else np.nan

    return areas


def _sorted(values: Array) -> tuple[Array, NDArray[np.intp]]:
    order = np.argsort(values, kind="stable")
    return values[order], order


AUC = Metric(name="auc", higher_is_better=True, compute=compute, resample=resample)
