"""One measured figure, and what was hoped for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

Clock = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Row:
    """A figure of BENCHMARKS.md and results.json.

    Attributes:
        name: `<topic>.<what>`, one of its kind.
        value: the median over rounds.
        spread: the distance between the quartiles over rounds.
        unit: what the value is in; "×" for a ratio.
        goal: like ">= 5"; empty where nothing was hoped for.
        against: what it is compared with, or where its limit comes from.
    """

    name: str
    value: float
    spread: float
    unit: str
    goal: str = ""
    against: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the value meets the goal; None without one."""
        if not self.goal:
            return None
        sign, number = self.goal.split()
        return self.value >= float(number) if sign == ">=" else self.value <= float(number)

    @property
    def share(self) -> float | None:
        """How much of its goal was reached, 1 or more if all; None without a goal or a value."""
        if not self.goal or not self.value:
            return None
        sign, number = self.goal.split()
        return self.value / float(number) if sign == ">=" else float(number) / self.value


@dataclass(frozen=True)
class Bench:
    """How a benchmark is run.

    Attributes:
        quick: tiny sizes that only prove that it runs.
        clock: what a second is: "wall", or "cpu" for the time that the processes computed,
            which other load on the machine disturbs less.
        threads: of all contestants.
        rounds: how often every contestant's turn comes.
        folder: for whatever has to be written and goes away.
        plots: where plots stay.
    """

    quick: bool
    clock: Clock
    threads: int
    rounds: int
    folder: Path
    plots: Path = Path()

    def size(self, full: int, quick: int) -> int:
        """Returns `full`, or `quick` where only a proof is asked for."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Topic:
    """A family of benchmarks.

    Attributes:
        title: heading of its table.
        about: what is measured, in a sentence or two.
        measure: yields its rows.
        limits: by name of a row, what keeps it from its goal; printed where it isn't reached.
        rounds: how often every contestant's turn comes, if nobody asks otherwise.
        plots: files that it draws, from the project's folder on.
    """

    title: str
    about: str
    measure: Callable[[Bench], Iterator[Row]]
    limits: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 5
    plots: tuple[str, ...] = ()


def row_of(
    name: str, values: np.ndarray | list[float], unit: str, goal: str = "", against: str = ""
) -> Row:
    """Returns the row of one value a round."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return Row(name, float(middle), float(high - low), unit, goal, against)
