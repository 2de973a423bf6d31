"""Single_Task: a network of its own for one task (paper, Fig. 1a)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.connection_share import ConnectionShare
from lt4rec_core.model.sharing.sharing import Sharing


def build(
    layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
) -> Network:
    """Returns the base network; raises ConfigError when asked to hold several tasks."""
    if len(tasks) != 1:
        raise ConfigError(f"single_task holds one task a network, got {list(tasks)}")
    return ConnectionShare(layout, model, tasks, generator)


SINGLE_TASK = Sharing(build=build)
