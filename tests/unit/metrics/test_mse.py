import numpy as np
import pytest

from lt4rec_core.metrics import METRICS


def test_averages_squared_errors():
    assert METRICS["mse"].compute(np.array([0.0, 1.0]), np.array([0.5, 0.0])) == 0.625


def test_weights_count_rows_several_times():
    value = METRICS["mse"].compute(
        np.array([0.0, 1.0]), np.array([0.5, 0.0]), weights_N=np.array([3, 1])
    )
    assert value == pytest.approx(0.4375)
