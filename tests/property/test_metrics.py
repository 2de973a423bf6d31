import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from lt4rec_core.metrics import METRICS

rows = st.integers(2, 60)
# Few distinct scores, so that ties are the rule.
scored = rows.flatmap(
    lambda n: st.tuples(
        arrays(np.int64, n, elements=st.integers(0, 1)),
        arrays(np.float64, n, elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])),
        arrays(np.int64, n, elements=st.integers(0, 5)),
    )
)


@given(scored)
def test_auc_equals_scikit_learn(sample):
    labels, predictions, _ = sample
    assume(0 < labels.sum() < len(labels))
    assert METRICS["auc"].compute(labels, predictions) == pytest.approx(
        roc_auc_score(labels, predictions), abs=1e-9
    )


@given(scored)
def test_auc_sees_only_the_order_of_predictions(sample):
    labels, predictions, _ = sample
    assume(0 < labels.sum() < len(labels))
    auc = METRICS["auc"].compute
    assert auc(labels, predictions) == auc(labels, predictions**3 + 2)
    assert auc(labels, predictions) == pytest.approx(1 - auc(labels, -predictions))


@given(scored)
def test_gauc_with_one_user_is_auc(sample):
    labels, predictions, _ = sample
    assume(0 < labels.sum() < len(labels))
    one_user = np.zeros(len(labels))
    assert METRICS["gauc"].compute(labels, predictions, one_user) == pytest.approx(
        METRICS["auc"].compute(labels, predictions)
    )


@given(scored, st.randoms(use_true_random=False))
def test_no_metric_depends_on_the_order_of_rows(sample, random):
    labels, predictions, users = sample
    labels, users = np.append(labels, [0, 1]), np.append(users, [0, 0])
    predictions = np.append(predictions, [0.3, 0.6])
    order = list(range(len(labels)))
    random.shuffle(order)
    for metric in METRICS.values():
        assert metric.compute(labels, predictions, users) == pytest.approx(
            metric.compute(labels[order], predictions[order], users[order])
        )


@given(scored)
def test_ece_is_at_most_mae(sample):
    labels, predictions, _ = sample
    ece, mae = (METRICS[name].compute(labels, predictions) for name in ("ece", "mae"))
    assert ece <= mae + 1e-12
