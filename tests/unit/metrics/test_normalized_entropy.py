import numpy as np
import pytest

from lt4rec_core.metrics import METRICS, Undefined

NE = METRICS["normalized_entropy"]


def test_the_mean_label_scores_one():
    labels = np.array([0, 0, 0, 1])
    assert NE.compute(labels, np.full(4, 0.25)) == pytest.approx(1.0)


def test_knowledge_scores_below_one():
    assert NE.compute(np.array([0, 1]), np.array([0.2, 0.8])) < 1.0


def test_one_class_is_undefined():
    with pytest.raises(Undefined, match="only one class"):
        NE.compute(np.array([1, 1]), np.array([0.2, 0.8]))
