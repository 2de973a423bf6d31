"""What holds for every metric of the registry."""

import json
import math

import numpy as np
import pytest

from lt4rec_core.metrics import METRICS, Undefined

LABELS = np.array([0, 1, 0, 1, 1, 0])
GOOD = np.array([0.1, 0.9, 0.2, 0.8, 0.7, 0.3])
BAD = 1.0 - GOOD
USERS = np.array([0, 0, 0, 1, 1, 1])

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


@pytest.mark.parametrize("name", METRICS)
def test_is_registered_under_its_own_name(name):
    assert METRICS[name].name == name


@every_metric
def test_gives_a_finite_python_float(metric):
    value = metric.compute(LABELS, GOOD, USERS)
    assert type(value) is float
    assert math.isfinite(json.loads(json.dumps(value, allow_nan=False)))


@every_metric
def test_better_predictions_gain(metric):
    good, bad = (metric.compute(LABELS, predictions, USERS) for predictions in (GOOD, BAD))
    assert metric.gain(good, bad) > 0 > metric.gain(bad, good)


@every_metric
def test_a_weight_counts_a_row_that_often(metric):
    weights = np.array([2, 1, 1, 3, 1, 1])
    repeated = np.repeat(np.arange(6), weights)
    assert metric.compute(LABELS, GOOD, USERS, weights) == pytest.approx(
        metric.compute(LABELS[repeated], GOOD[repeated], USERS[repeated])
    )


@every_metric
def test_no_rows_is_undefined(metric):
    nothing = np.array([])
    with pytest.raises(Undefined, match="no rows"):
        metric.compute(nothing, nothing, nothing)


@every_metric
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_is_undefined(metric, broken):
    with pytest.raises(Undefined, match="1 of 2 predictions aren't finite"):
        metric.compute(np.array([0, 1]), np.array([0.5, broken]), np.array([0, 0]))


@every_metric
def test_takes_single_precision(metric):
    assert metric.compute(
        LABELS.astype(np.float32), GOOD.astype(np.float32), USERS
    ) == pytest.approx(metric.compute(LABELS, GOOD, USERS), abs=1e-6)


@pytest.mark.parametrize(
    "metric", [m for m in METRICS.values() if m.resample], ids=lambda metric: metric.name
)
def test_a_user_drawn_twice_is_as_if_his_rows_were_twice_there(metric):
    draws = np.array([[1, 1], [2, 0], [3, 1]])
    users = USERS.astype(np.int64)
    values = metric.resample(LABELS.astype(float), GOOD, users)(draws)
    for drawn, value in zip(draws, values, strict=True):
        expected = metric.compute(LABELS, GOOD, USERS, drawn[USERS])
        assert value == pytest.approx(expected)
