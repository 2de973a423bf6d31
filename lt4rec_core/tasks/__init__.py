"""What is predicted: one task a file, all of them in a literal registry."""

from lt4rec_core.tasks.registry import TASKS, resolve
from lt4rec_core.tasks.task import EVERY_IMPRESSION, Task

__all__ = ["EVERY_IMPRESSION", "TASKS", "Task", "resolve"]
