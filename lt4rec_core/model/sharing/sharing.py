"""What a sharing method is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.network import Network
from lt4rec_core.tasks import Task

Build = Callable[[Layout, Model, Sequence[str], torch.Generator], Network]


@dataclass(frozen=True)
class Sharing:
    """One way in which tasks share a network; the same loop trains all of them.

    Attributes:
        build: returns a freshly drawn network for the given tasks.
        cut: key of the registry of cuts (`lt4rec_core.pruning.registry`) by which each
            task's mask is found; empty where tasks see whole networks.
        warmup: whether joint training begins from the warmed-up network, sNET_init;
            otherwise it begins from the fresh draw, as single_task does.
        batches: "in_turn" gives each task batches of its own population, task by task;
            "mixed" makes batches of all impressions, from which all tasks learn at once.
        check: raises ConfigError where the method can't predict the given tasks together.
        alone: whether each task trains a network of its own, instead of all together.
        drawn_as: the method whose draw of the network this one begins from; its own if empty.
    """

    build: Build
    cut: str = ""
    warmup: bool = False
    batches: Literal["in_turn", "mixed"] = "in_turn"
    check: Callable[[Mapping[str, Task]], object] = dict
    alone: bool = False
    drawn_as: str = ""
