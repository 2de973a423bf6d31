import numpy as np

from lt4rec_core.metrics import METRICS


def test_averages_absolute_errors():
    assert METRICS["mae"].compute(np.array([0.0, 1.0]), np.array([0.5, 0.0])) == 0.75
