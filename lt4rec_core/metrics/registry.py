"""All known metrics: one file each, one line here."""

from __future__ import annotations

from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics.auc import AUC
from lt4rec_core.metrics.ece import ECE
from lt4rec_core.metrics.gauc import GAUC
from lt4rec_core.metrics.log_loss import LOG_LOSS
from lt4rec_core.metrics.mae import MAE
from lt4rec_core.metrics.metric import Metric
from lt4rec_core.metrics.mse import MSE
from lt4rec_core.metrics.normalized_entropy import NORMALIZED_ENTROPY

METRICS: dict[str, Metric] = {
    "auc": AUC,
    "gauc": GAUC,
    "log_loss": LOG_LOSS,
    "normalized_entropy": NORMALIZED_ENTROPY,
    "ece": ECE,
    "mse": MSE,
    "mae": MAE,
}


def resolve(name: str) -> Metric:
    """Returns the metric called `name`; ConfigError names the known ones otherwise."""
    if name not in METRICS:
        raise ConfigError(f"metric {name!r} isn't known; known metrics are {sorted(METRICS)}")
    return METRICS[name]
