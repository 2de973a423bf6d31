"""Days of a model on which nothing is wrong."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from lt4rec_core.monitoring import Day, TaskDay

START = datetime.date(2026, 1, 1)


@pytest.fixture
def make_day() -> Callable[..., Day]:
    """Gives the day at a place of the calendar; changes go to the day or to its task."""

    def make(place: int, **changes: Any) -> Day:
        wobble = (-1) ** place
        task = TaskDay(
            metric="auc",
            rows=1000,
            model={"auc": 0.7 + 0.001 * wobble},
            single_task={"auc": 0.7},
            gain={"value": 0.0, "low": -0.002, "high": 0.002},
            label_rate=0.2 + 0.002 * wobble,
            predicted=0.2,
        )
        known = {field.name for field in dataclasses.fields(TaskDay)}
        of_task = {name: changes.pop(name) for name in [*changes] if name in known - {"rows"}}
        values: dict[str, Any] = {
            "date": (START + datetime.timedelta(days=place)).isoformat(),
            "run_id": f"run-{place}",
            "rows": 1000 + 10 * wobble,
            "tasks": {"ctr": dataclasses.replace(task, **of_task)},
            "drift": {"user": 0.1},
            "accepted": True,
            "version": str(place + 1),
        }
        return Day(**(values | changes))

    return make
