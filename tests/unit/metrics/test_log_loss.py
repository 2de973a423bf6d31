import numpy as np
import pytest
from sklearn.metrics import log_loss

from lt4rec_core.metrics import METRICS

LOG_LOSS = METRICS["log_loss"]


def test_equals_scikit_learn():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 2, 500), rng.random(500)
    assert LOG_LOSS.compute(labels, predictions) == pytest.approx(
        log_loss(labels, predictions), abs=1e-12
    )


def test_stays_finite_at_certain_predictions():
    assert np.isfinite(LOG_LOSS.compute(np.array([0, 1]), np.array([1.0, 0.0])))


def test_takes_continuous_labels():
    assert LOG_LOSS.compute(np.array([0.5]), np.array([0.5])) == pytest.approx(np.log(2))
