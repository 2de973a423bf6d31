"""Neuron_Share: Connection_Share whose masks keep or cut whole neurons."""

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
    """Returns the base network.

    Raises:
        ConfigError: `model.prunable` leaves out an over layer: a neuron's connections
            reach from one layer into the next, so they can only be cut together.
    """
    network = ConnectionShare(layout, model, tasks, generator)
    needed = {f"over.{position}.weight" for position in range(len(model.hidden))}
    for task in tasks:
        missing = sorted(needed - network.prunable(task).keys())
        if missing:
            raise ConfigError(
                f"neuron_share cuts neurons of all over layers, but [model] prunable = "
                f"{list(model.prunable)} leaves out {missing}; add 'over.*.weight'"
            )
    return network


NEURON_SHARE = Sharing(build=build, cut="neuron", warmup=True)
