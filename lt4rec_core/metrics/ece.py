"""ECE: the expected calibration error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.calibration import calibration_curve
from lt4rec_core.metrics.metric import Metric

BINS = 20
"""Fixed, because values with different numbers of bins can't be compared."""


def compute(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    groups_N: NDArray[np.generic] | None = None,  # noqa: ARG001 - the protocol's
    weights_N: NDArray[np.generic] | None = None,
) -> float:
    """Returns Σ_b mass_b · |predicted_b - observed_b| / Σ_b mass_b over 20 equal-mass bins.

    Raises:
        Undefined: no rows, or values that aren't finite.

    Source: Nixon et al., "Measuring Calibration in Deep Learning" (2019), adaptive bins.
    """
    curve = calibration_curve(labels_N, predictions_N, weights_N, bins=BINS)
    distance_B = np.abs(curve.predicted - curve.observed)
    return float(np.average(distance_B, weights=curve.mass))


ECE = Metric(name="ece", higher_is_better=False, compute=compute)
