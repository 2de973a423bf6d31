"""Normalized entropy: log loss divided by that of always predicting the mean label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.log_loss import per_row
from lt4rec_core.metrics.metric import Array, Metric, Undefined, checked


def compute(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    groups_N: NDArray[np.generic] | None = None,  # noqa: ARG001 - the protocol's
    weights_N: NDArray[np.generic] | None = None,
) -> float:
    """Returns log loss / entropy of the mean label; 1 is worth nothing, less is better.

    Raises:
        Undefined: no rows, or every label is the same extreme, so that the entropy is 0.

    Source: He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook" (2014).
    """
    labels, predictions, weights = checked(labels_N, predictions_N, weights_N)
    mean: Array = np.full(len(labels), np.average(labels, weights=weights))
    if not 0.0 < mean[0] < 1.0:
        raise Undefined(f"only one class: the mean label is {mean[0]:g}")
    loss = np.average(per_row(labels, predictions), weights=weights)
    return float(loss / np.average(per_row(labels, mean), weights=weights))


NORMALIZED_ENTROPY = Metric(name="normalized_entropy", higher_is_better=False, compute=compute)
