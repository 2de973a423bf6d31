"""Full_Share: one network for all tasks, with an output layer for each, and no masks.

It is Connection_Share under dense masks: what of a gain is due to the masks shows against
it, so it begins from the warmed-up network as that does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.connection_share import ConnectionShare
from lt4rec_core.model.sharing.sharing import Sharing


def build(
    layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
) -> Network:
    """Returns the base network with an output layer for each task, whatever `model.output`."""
    return ConnectionShare(layout, dataclasses.replace(model, output="owned"), tasks, generator)


FULL_SHARE = Sharing(build=build, warmup=True)
