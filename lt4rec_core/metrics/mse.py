"""MSE: the mean squared error (the paper's metric for CVR)."""

from __future__ import annotations

from lt4rec_core.metrics.metric import Array, Metric
from lt4rec_core.metrics.row_mean import mean_of, resampled_mean_of


def per_row(labels_N: Array, predictions_N: Array) -> Array:
    """Returns (y - p)² [N]."""
    error: Array = (labels_N - predictions_N) ** 2
    return error


MSE = Metric(
    name="mse",
    higher_is_better=False,
    compute=mean_of(per_row),
    resample=resampled_mean_of(per_row),
)
