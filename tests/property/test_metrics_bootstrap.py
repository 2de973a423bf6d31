import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.metrics import METRICS, Undefined

small = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.3, 0.5, 0.7]), st.integers(0, 3)),
    min_size=4,
    max_size=30,
)


@given(small, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_a_resampled_metric_is_the_metric_under_row_weights(rows, draws):
    # Every user is there, so that codes are dense.
    rows = rows + [(0, 0.2, user) for user in range(4)]
    labels, predictions, users = (np.array(column) for column in zip(*rows, strict=True))
    drawn = np.array([draws])
    for metric in METRICS.values():
        if metric.resample is None:
            continue
        value = metric.resample(labels.astype(float), predictions, users)(drawn)[0]
        try:
            expected = metric.compute(labels, predictions, users, drawn[0][users])
        except Undefined:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(expected)
