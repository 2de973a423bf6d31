"""MAE: the mean absolute error."""

from __future__ import annotations

import numpy as np

from lt4rec_core.metrics.metric import Array, Metric
from lt4rec_core.metrics.row_mean import mean_of, resampled_mean_of


def per_row(labels_N: Array, predictions_N: Array) -> Array:
    """Returns |y - p| [N]."""
    error: Array = np.abs(labels_N - predictions_N)
    return error


MAE = Metric(
    name="mae",
    higher_is_better=False,
    compute=mean_of(per_row),
    resample=resampled_mean_of(per_row),
)
