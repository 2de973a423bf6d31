import numpy as np
import pytest

from lt4rec_core.metrics import METRICS

ECE = METRICS["ece"]


def test_is_zero_where_what_was_predicted_came():
    predictions = np.array([0.25] * 4 + [0.75] * 4)
    labels = np.array([0, 1, 0, 0, 0, 1, 1, 1])
    assert ECE.compute(labels, predictions) == pytest.approx(0.0)


def test_is_the_distance_of_a_constant_prediction():
    assert ECE.compute(np.array([0, 1]), np.array([0.9, 0.9])) == pytest.approx(0.4)


def test_takes_continuous_labels():
    assert ECE.compute(np.array([0.2, 0.4]), np.array([0.3, 0.3])) == pytest.approx(0.0)
