from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from lt4rec_core.data.samples import Samples
from lt4rec_core.tasks import EVERY_IMPRESSION, TASKS, Task
from lt4rec_core.training.predict import deciding, skill, trivial_metrics

CTR, CVR = TASKS["ctr"], TASKS["cvr"]
LIKE = Task("like", "like", EVERY_IMPRESSION, "log_loss", "auc", 1.0)


def with_likes(samples: Samples, likes: int) -> Samples:
    label = (torch.arange(samples.rows) < likes).float()
    return dataclasses.replace(samples, labels={**samples.labels, "like": label})


@pytest.mark.parametrize(
    ("likes", "expected"), [(99, ["ctr", "cvr"]), (100, ["ctr", "cvr", "like"])]
)
def test_a_task_of_too_few_events_chooses_nothing(
    make_samples: Callable[..., Samples], likes: int, expected: list[str]
) -> None:
    samples = with_likes(make_samples(600), likes)
    assert [task.name for task in deciding(samples, [CTR, CVR, LIKE])] == expected


def test_where_every_task_has_too_few_events_all_of_them_choose(
    make_samples: Callable[..., Samples],
) -> None:
    assert deciding(with_likes(make_samples(60), 3), [CTR, LIKE]) == [CTR, LIKE]


@pytest.mark.parametrize("likes", [0, 40])
def test_a_task_of_one_class_has_no_trivial_metric(
    make_samples: Callable[..., Samples], likes: int
) -> None:
    assert set(trivial_metrics(with_likes(make_samples(40), likes), [CTR, LIKE])) == {"ctr"}


def test_skill_counts_the_tasks_alike() -> None:
    metrics, trivial = {"ctr": 0.75, "cvr": 0.1}, {"ctr": 0.5, "cvr": 0.2}
    assert skill([CTR, CVR], metrics, trivial) == pytest.approx(0.5)
    assert skill([], {}, {}) == 0
