import numpy as np
import pytest

from lt4rec_core.metrics.events import FEWEST_EVENTS, count_events, is_few


@pytest.mark.parametrize(
    ("labels", "events"), [([0, 0, 1], 1), ([1, 1, 0, 1], 1), ([0, 0], 0), ([], 0)]
)
def test_events_are_the_rows_of_the_rarer_class(labels, events):
    assert count_events(np.array(labels, dtype=float)) == events


def test_unknown_labels_are_no_events():
    assert count_events(np.array([np.nan, 0.0, 1.0, 1.0])) == 1


def test_few_are_fewer_than_the_rule_of_thumb():
    assert is_few(FEWEST_EVENTS - 1)
    assert not is_few(FEWEST_EVENTS)
    assert not is_few(None), "a share has no classes"
