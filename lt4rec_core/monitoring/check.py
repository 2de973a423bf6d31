"""What a check is, and what it measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lt4rec_core.config import Monitor
from lt4rec_core.config.data import Severity
from lt4rec_core.monitoring.day import Day


@dataclass(frozen=True)
class Measure:
    """One number held against its bounds.

    Attributes:
        subject: the field, task or thing that is measured.
        seen: the number.
        low: the least value allowed; `high`, the greatest.
        window: how many days before were compared with, 0 for none.
        detail: what a reader needs besides the number.
    """

    subject: str
    seen: float
    low: float = -math.inf
    high: float = math.inf
    window: int = 0
    detail: str = ""


Measured = Callable[[Monitor, Day, Sequence[Day]], Iterable[Measure]]
"""Settings, a day, and all days before it in order → what to judge."""


@dataclass(frozen=True)
class Check:
    """Something that should hold of a day; its key in the registry is its name.

    Attributes:
        about: what is expected, in one sentence.
        severity: of an alert, where the configuration doesn't say.
        measure: the numbers to judge; none where there is nothing to compare with.
    """

    about: str
    severity: Severity
    measure: Measured
