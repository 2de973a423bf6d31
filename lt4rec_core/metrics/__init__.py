"""How predictions are judged: one metric a file, all of them in a literal registry."""

from lt4rec_core.metrics.metric import Metric, Undefined
from lt4rec_core.metrics.registry import METRICS, resolve

__all__ = ["METRICS", "Metric", "Undefined", "resolve"]
