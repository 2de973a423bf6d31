import numpy as np
import polars as pl
import pytest

from lt4rec_core.metrics.trivial import PRIOR_ROWS, trivial_predictions
from lt4rec_core.tasks import TASKS

TRAIN = pl.DataFrame(
    {
        "user": ["u", "u", "v", "v"],
        "item": ["a", "a", "b", None],
        "label.click": [1.0, 1.0, 0.0, 0.0],
        "label.watch_ratio": [0.2, 0.6, None, None],
    }
)
TEST = pl.DataFrame({"user": ["u", "w", None], "item": ["b", "a", None]})


def predictions():
    return trivial_predictions(tuple(TASKS.values()), TRAIN.lazy(), TEST)


def test_the_mean_is_that_of_the_tasks_own_population():
    assert predictions()["mean"]["ctr"].tolist() == [0.5] * 3
    assert predictions()["mean"]["cvr"] == pytest.approx(np.full(3, 0.4))


def test_an_item_is_judged_by_its_own_rate_pulled_to_the_mean():
    item_a = (2 + PRIOR_ROWS * 0.5) / (2 + PRIOR_ROWS)
    item_b = (0 + PRIOR_ROWS * 0.5) / (1 + PRIOR_ROWS)
    assert predictions()["item_rate"]["ctr"] == pytest.approx([item_b, item_a, 0.5])


def test_a_user_never_seen_gets_the_mean():
    user_u = (2 + PRIOR_ROWS * 0.5) / (2 + PRIOR_ROWS)
    assert predictions()["user_rate"]["ctr"] == pytest.approx([user_u, 0.5, 0.5])


def test_labels_of_the_judged_rows_are_not_looked_at():
    with_labels = TEST.with_columns(pl.lit(1.0).alias("label.click"))
    again = trivial_predictions((TASKS["ctr"],), TRAIN.lazy(), with_labels)
    assert again["mean"]["ctr"].tolist() == [0.5] * 3
