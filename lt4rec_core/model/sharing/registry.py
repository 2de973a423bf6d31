"""All known sharing methods, and how a network is built by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing import connection_share, single_task

Build = Callable[[Layout, Model, Sequence[str], torch.Generator], Network]

SHARING: dict[str, Build] = {
    "connection_share": connection_share.build,
    "single_task": single_task.build,
}


def build(
    sharing: str, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
) -> Network:
    """Returns a freshly drawn network for `tasks`.

    Raises:
        ConfigError: `sharing` isn't in the registry, or `model.prunable` names no weight.
    """
    if sharing not in SHARING:
        raise ConfigError(f"sharing method {sharing!r} isn't known; known are {sorted(SHARING)}")
    network = SHARING[sharing](layout, model, tasks, generator)
    for task in tasks:
        if not network.prunable(task):
            raise ConfigError(
                f"[model] prunable = {list(model.prunable)} matches no weight of the network; "
                f"its weights are {[name for name, _ in network.named_parameters()]}"
            )
    return network
