"""Log loss: cross entropy between label and prediction, in nats."""

from __future__ import annotations

import numpy as np

from lt4rec_core.metrics.metric import Array, Metric
from lt4rec_core.metrics.row_mean import mean_of, resampled_mean_of

_EPSILON = float(np.finfo(np.float64).eps)


def per_row(labels_N: Array, predictions_N: Array) -> Array:
    """Returns -(y ln p + (1-y) ln(1-p)) [N]; labels may lie between 0 and 1.

    Predictions of exactly 0 and 1 are moved by the machine epsilon, as scikit-learn does.
    """
    p = np.clip(predictions_N, _EPSILON, 1 - _EPSILON)
    loss: Array = -(labels_N * np.log(p) + (1 - labels_N) * np.log1p(-p))
    return loss


LOG_LOSS = Metric(
    name="log_loss",
    higher_is_better=False,
    compute=mean_of(per_row),
    resample=resampled_mean_of(per_row),
)
