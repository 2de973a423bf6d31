from __future__ import annotations

from collections import Counter

import pytest
import torch

from lt4rec_core.errors import TrainingError
from lt4rec_core.training.plan import Plan


def plan(ctr: int = 100, cvr: int = 40, **settings: object) -> Plan:
    values = {"batch_size": 10, "epochs": 1.0, "seed": 0, "purpose": "test", **settings}
    populations = {("ctr",): torch.arange(ctr), ("cvr",): torch.arange(cvr) * 2}
    return Plan(populations=populations, **values)  # type: ignore[arg-type]


def test_an_epoch_shows_each_task_each_of_its_rows_once() -> None:
    seen: dict[str, list[int]] = {"ctr": [], "cvr": []}
    for step in plan().epoch(0):
        seen[step.tasks[0]] += step.rows_B.tolist()
    assert sorted(seen["ctr"]) == list(range(100))
    assert sorted(seen["cvr"]) == list(range(0, 80, 2))


def test_tasks_take_turns_in_proportion_to_their_samples() -> None:
    turns = [step.tasks[0] for step in plan().epoch(0)]
    assert Counter(turns) == {"ctr": 10, "cvr": 4}
    assert [turns.index("cvr", start) - start for start in (0, 4, 8)] == [1, 1, 0]


def test_equal_alternation_repeats_the_smaller_task() -> None:
    steps = list(plan(alternation="equal").epoch(0))
    assert Counter(step.tasks[0] for step in steps) == {"ctr": 10, "cvr": 10}
    shown = Counter(row for step in steps if step.tasks == ("cvr",) for row in step.rows_B.tolist())
    assert set(shown) == set(range(0, 80, 2))
    assert set(shown.values()) <= {2, 3}
    assert all(len(step.rows_B) == 10 for step in steps)


def test_the_same_seed_gives_the_same_order_and_another_epoch_another() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return [row for step in plan(seed=seed).epoch(epoch) for row in step.rows_B.tolist()]

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


@pytest.mark.parametrize(("epochs", "steps"), [(0.0, 0), (0.01, 1), (0.5, 7), (1.0, 14), (2.5, 35)])
def test_epochs_may_be_fractions(epochs: float, steps: int) -> None:
    assert plan(epochs=epochs).steps == steps


def test_a_task_without_samples_is_refused_by_name() -> None:
    with pytest.raises(TrainingError, match="cvr has no samples"):
        plan(cvr=0)
