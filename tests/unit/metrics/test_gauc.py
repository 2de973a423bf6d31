import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lt4rec_core.metrics import METRICS, Undefined

GAUC = METRICS["gauc"]


def by_hand(labels, predictions, users):
    areas, rows = [], []
    for user in np.unique(users):
        mine = users == user
        if len(np.unique(labels[mine])) == 2:
            areas.append(roc_auc_score(labels[mine], predictions[mine]))
            rows.append(mine.sum())
    return np.average(areas, weights=rows)


def test_averages_the_users_own_auc_by_impressions():
    rng = np.random.default_rng(0)
    labels, users = rng.integers(0, 2, 800), rng.integers(0, 150, 800)
    predictions = np.round(rng.random(800), 1)
    assert GAUC.compute(labels, predictions, users) == pytest.approx(
        by_hand(labels, predictions, users), abs=1e-9
    )


def test_takes_users_by_name():
    labels, users = np.array([0, 1, 1]), np.array(["a", "a", "b"])
    assert GAUC.compute(labels, np.array([0.1, 0.2, 0.0]), users) == 1.0


def test_a_user_with_one_class_is_left_out():
    labels, users = np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])
    assert GAUC.compute(labels, np.array([0.9, 0.1, 0.5, 0.6]), users) == 0.0


def test_no_user_with_both_classes_is_undefined():
    with pytest.raises(Undefined, match="no user has both classes"):
        GAUC.compute(np.array([0, 1]), np.array([0.1, 0.2]), np.array([0, 1]))


def test_without_users_it_is_undefined():
    with pytest.raises(Undefined, match="no groups"):
        GAUC.compute(np.array([0, 1]), np.array([0.1, 0.2]))
