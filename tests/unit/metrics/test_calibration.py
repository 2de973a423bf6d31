import numpy as np

from lt4rec_core.metrics.calibration import calibration_curve


def test_bins_hold_equal_numbers_of_rows():
    predictions = np.linspace(0, 1, 100)
    curve = calibration_curve(predictions > 0.5, predictions, bins=10)
    assert curve.mass.tolist() == [10.0] * 10


def test_equal_predictions_share_a_bin():
    curve = calibration_curve(np.array([0, 1, 0, 1]), np.full(4, 0.3), bins=2)
    assert curve.mass.tolist() == [4.0]
    assert curve.observed.tolist() == [0.5]


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 2, 200), np.round(rng.random(200), 1)
    order = rng.permutation(200)
    one = calibration_curve(labels, predictions, bins=7)
    other = calibration_curve(labels[order], predictions[order], bins=7)
    assert np.allclose(one.observed, other.observed)
    assert one.mass.tolist() == other.mass.tolist()
