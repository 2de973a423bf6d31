import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lt4rec_core.errors import ArtifactError
from lt4rec_core.metrics import METRICS, Undefined, auc
from lt4rec_core.metrics.bootstrap import metric_interval, replicate_values

AUC = METRICS["auc"]


def test_a_tie_counts_half():
    assert AUC.compute(np.array([0, 1]), np.array([0.5, 0.5])) == 0.5


def test_perfect_and_reversed_order():
    labels = np.array([0, 0, 1, 1])
    assert AUC.compute(labels, np.array([0.1, 0.2, 0.3, 0.4])) == 1.0
    assert AUC.compute(labels, np.array([0.4, 0.3, 0.2, 0.1])) == 0.0


def test_equals_scikit_learn_with_ties_and_weights():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 5000)
    predictions = np.round(rng.random(5000), 2)
    weights = rng.integers(0, 4, 5000)
    assert AUC.compute(labels, predictions) == pytest.approx(
        roc_auc_score(labels, predictions), abs=1e-9
    )
    assert AUC.compute(labels, predictions, weights_N=weights) == pytest.approx(
        roc_auc_score(labels, predictions, sample_weight=weights), abs=1e-9
    )


@pytest.mark.parametrize("value", [0, 1])
def test_one_class_is_undefined_and_says_which(value):
    with pytest.raises(Undefined, match=f"only one class: every label is {value}"):
        AUC.compute(np.full(3, value), np.array([0.1, 0.2, 0.3]))


def test_continuous_labels_are_undefined():
    with pytest.raises(Undefined, match="labels aren't 0 or 1"):
        AUC.compute(np.array([0.0, 0.5]), np.array([0.1, 0.2]))


def test_different_lengths_are_refused():
    with pytest.raises(ArtifactError, match="one value a row"):
        AUC.compute(np.array([0, 1]), np.array([0.1]))


@pytest.fixture
def impressions():
    """Labels, tied predictions and users: 800 users of 1 to 19 impressions, of unlike taste."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(800), rng.integers(1, 20, 800))
    taste = rng.normal(size=800)[users]
    predictions = np.round(1 / (1 + np.exp(-rng.normal(size=len(users)) - taste / 2)), 2)
    labels = (rng.random(len(users)) < predictions).astype(float)
    return labels, predictions, users


def test_by_influence_users_drawn_once_each_give_the_area_itself(impressions, monkeypatch):
    labels, predictions, users = impressions
    monkeypatch.setattr(auc, "EXACT_ROWS", 0)
    once = np.ones((1, 800), np.int64)
    found = AUC.resample(labels, predictions, users)(once)
    assert found == pytest.approx(AUC.compute(labels, predictions), abs=1e-12)


def test_the_influence_is_the_slope_of_the_area_in_a_users_weight(impressions, monkeypatch):
    labels, predictions, users = impressions
    exact = AUC.resample(labels, predictions, users)
    monkeypatch.setattr(auc, "EXACT_ROWS", 0)
    by_influence = AUC.resample(labels, predictions, users)
    step = 1e-4
    for user in range(0, 800, 97):
        more, less = np.ones((2, 1, 800))
        more[0, user], less[0, user] = 1 + step, 1 - step
        slopes = [(of(more) - of(less)) / (2 * step) for of in (exact, by_influence)]
        assert slopes[1] == pytest.approx(slopes[0], rel=1e-4, abs=1e-9)


def test_replicates_by_influence_stand_for_the_exact_ones(impressions, monkeypatch):
    asked = {"replicates": 300, "seed": 0}
    exact = replicate_values(AUC, *impressions, **asked)
    low_high = metric_interval(AUC, *impressions, confidence=0.9, **asked)
    monkeypatch.setattr(auc, "EXACT_ROWS", 0)
    found = replicate_values(AUC, *impressions, **asked)
    other = metric_interval(AUC, *impressions, confidence=0.9, **asked)
    assert np.corrcoef(exact, found)[0, 1] > 0.995
    assert abs(found - exact).max() < 0.3 * exact.std()
    assert other.low == pytest.approx(low_high.low, abs=0.1 * exact.std())
    assert other.high == pytest.approx(low_high.high, abs=0.1 * exact.std())


def test_a_draw_without_positives_has_no_area(impressions, monkeypatch):
    monkeypatch.setattr(auc, "EXACT_ROWS", 0)
    labels, predictions = np.array([0.0, 1.0, 0.0]), np.array([0.1, 0.2, 0.3])
    found = AUC.resample(labels, predictions, np.arange(3))(np.array([[2, 0, 1], [1, 2, 0]]))
    assert np.isnan(found[0])
    assert np.isfinite(found[1])
