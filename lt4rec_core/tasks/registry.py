"""All known tasks, and how the configuration changes or adds one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from lt4rec_core.config import TaskSettings
from lt4rec_core.errors import ConfigError
from lt4rec_core.tasks.ctr import CTR
from lt4rec_core.tasks.cvr import CVR
from lt4rec_core.tasks.task import Task

TASKS: dict[str, Task] = {
    "ctr": CTR,
    "cvr": CVR,
}


def resolve(settings: Iterable[TaskSettings]) -> tuple[Task, ...]:
    """Returns the run's tasks, in the configuration's order.

    Raises:
        ConfigError: a task is neither in the registry nor fully described.
    """
    return tuple(_resolve(entry) for entry in settings)


def _resolve(settings: TaskSettings) -> Task:
    known = TASKS.get(settings.name)
    given = {
        key: value for key, value in dataclasses.asdict(settings).items() if value not in ("", 0.0)
    }
    if known is not None:
        return dataclasses.replace(known, **given)
    missing = [key for key in ("label", "population", "loss", "metric") if key not in given]
    if missing:
        raise ConfigError(
            f"task {settings.name!r} isn't known and lacks {missing}; "
            f"known tasks are {sorted(TASKS)}, another one needs all of these"
        )
    return Task(**{"weight": 1.0, **given})
