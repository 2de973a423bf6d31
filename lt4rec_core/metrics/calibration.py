"""The calibration curve: what was predicted and what came, in bins of equal mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.metric import Array, checked


@dataclass(frozen=True)
class CalibrationCurve:
    """One entry per non-empty bin, in the order of predictions.

    Attributes:
        predicted: mean prediction of each bin, [B].
        observed: mean label of each bin, [B].
        mass: weight (rows) in each bin, [B].
    """

    predicted: Array
    observed: Array
    mass: Array


def calibration_curve(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    weights_N: NDArray[np.generic] | None = None,
    *,
    bins: int,
) -> CalibrationCurve:
    """Cuts the rows, ordered by prediction, into at most `bins` bins of equal mass.

    Rows of equal prediction stay together, so that the order of rows doesn't matter;
    such a tie falls into the bin of its middle. Labels may be continuous.

    Raises:
        Undefined: no rows, or values that aren't finite.
    """
    labels, predictions, weights = checked(labels_N, predictions_N, weights_N)
    scores, tie = np.unique(predictions, return_inverse=True)
    mass = np.bincount(tie, weights=weights)
    hits = np.bincount(tie, weights=weights * labels)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    bin_of_tie = np.minimum((middle * bins).astype(np.int64), bins - 1)
    mass_B = np.bincount(bin_of_tie, weights=mass)
    filled = mass_B > 0
    predicted_B = np.bincount(bin_of_tie, weights=mass * scores)[filled] / mass_B[filled]
    observed_B = np.bincount(bin_of_tie, weights=hits)[filled] / mass_B[filled]
    return CalibrationCurve(predicted_B, observed_B, mass_B[filled].astype(np.float64))
