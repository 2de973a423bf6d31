import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lt4rec_core.errors import ArtifactError
from lt4rec_core.metrics import METRICS, Undefined

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
