import numpy as np
import pytest

from lt4rec_core.metrics import METRICS, Undefined
from lt4rec_core.metrics import bootstrap as bootstrap_module
from lt4rec_core.metrics.bootstrap import gain_interval, replicate_values
from lt4rec_core.metrics.metric import Metric


def sample(rows=400, users=80, help_=0.3):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, rows).astype(float)
    reference = rng.random(rows)
    better = np.clip(reference + help_ * (labels - 0.5), 0, 1)
    return labels, better, reference, rng.integers(0, users, rows)


def interval(metric, seed=0, replicates=200, data=None):
    return gain_interval(
        metric, *(data or sample()), replicates=replicates, confidence=0.9, seed=seed
    )


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_holds_the_gain(metric):
    labels, better, reference, users = sample()
    gain = metric.gain(
        metric.compute(labels, better, users), metric.compute(labels, reference, users)
    )
    found = interval(metric)
    assert found.low < gain < found.high


@pytest.mark.parametrize("name", ["auc", "mse"])
def test_a_clear_gain_lies_above_zero(name):
    assert interval(METRICS[name]).low > 0


def test_the_same_predictions_gain_nothing():
    labels, better, _, users = sample()
    found = interval(METRICS["auc"], data=(labels, better, better, users))
    assert (found.low, found.high) == (0.0, 0.0)


def test_the_seed_decides():
    assert interval(METRICS["auc"], seed=1) == interval(METRICS["auc"], seed=1)
    assert interval(METRICS["auc"], seed=1) != interval(METRICS["auc"], seed=2)


def test_how_the_draws_are_cut_changes_nothing(monkeypatch):
    whole = interval(METRICS["auc"])
    monkeypatch.setattr(bootstrap_module, "_CELLS", 200)
    assert interval(METRICS["auc"]) == whole


@pytest.mark.parametrize("name", ["auc", "gauc", "mse"])
def test_the_fast_way_and_the_plain_way_agree(name):
    fast = METRICS[name]
    plain = Metric(name, fast.higher_is_better, fast.compute)
    found, expected = interval(fast, replicates=50), interval(plain, replicates=50)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_rows_of_one_user_move_together():
    labels, better, reference, _ = sample()
    alone = interval(METRICS["mse"], data=(labels, better, reference, np.arange(len(labels))))
    # Every row ten times, always under one user: no more is known than before.
    repeated = [np.repeat(values, 10) for values in (labels, better, reference)]
    together = interval(METRICS["mse"], data=(*repeated, np.repeat(np.arange(len(labels)), 10)))
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))


def test_without_replicates_there_is_no_interval():
    with pytest.raises(Undefined, match="no bootstrap replicates"):
        interval(METRICS["auc"], replicates=0)


def test_one_user_has_no_interval():
    with pytest.raises(Undefined, match="one user only"):
        interval(METRICS["auc"], data=sample(users=1))


def test_one_class_has_no_interval():
    _, better, reference, users = sample()
    with pytest.raises(Undefined, match="only one class"):
        interval(METRICS["auc"], data=(np.ones(400), better, reference, users))


def test_mostly_undefined_replicates_give_no_interval():
    labels = np.array([1.0, 0.0, 0.0])
    predictions = np.array([0.3, 0.2, 0.1])

    def hardly_ever(labels_N, predictions_N, groups_N=None, weights_N=None):
        if weights_N is not None:
            raise Undefined("never")
        return 1.0

    with pytest.raises(Undefined, match="200 of 200 replicates are undefined"):
        interval(
            Metric("rare", True, hardly_ever),
            data=(labels, predictions, predictions, np.array([0, 1, 2])),
        )


def test_replicates_differ_by_the_gains_that_the_interval_ranks() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random(200) < 0.4).astype(float)
    users = rng.integers(0, 30, 200)
    one, other = rng.random(200), rng.random(200)
    values, reference = (
        replicate_values(METRICS["auc"], labels, p, users, replicates=99, seed=5)
        for p in (one, other)
    )
    interval = gain_interval(
        METRICS["auc"], labels, one, other, users, replicates=99, confidence=0.9, seed=5
    )
    low, high = np.quantile(values - reference, [0.05, 0.95])
    assert (interval.low, interval.high) == pytest.approx((low, high))
