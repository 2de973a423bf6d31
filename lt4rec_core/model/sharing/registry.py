"""All known sharing methods, and how a network is built by one."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.alone import DENSE_ALONE, SUBNETWORK_ALONE
from lt4rec_core.model.sharing.connection_share import CONNECTION_SHARE
from lt4rec_core.model.sharing.esmm import ESMM_SHARE
from lt4rec_core.model.sharing.full_share import FULL_SHARE
from lt4rec_core.model.sharing.layer_share import LAYER_SHARE
from lt4rec_core.model.sharing.mmoe import MMOE
from lt4rec_core.model.sharing.neuron_share import NEURON_SHARE
from lt4rec_core.model.sharing.ple import PLE_SHARE
from lt4rec_core.model.sharing.random_mask import RANDOM_MASK
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.model.sharing.single_task import SINGLE_TASK
from lt4rec_core.model.sharing.snr import SNR_SHARE

SHARING: dict[str, Sharing] = {
    "single_task": SINGLE_TASK,
    "full_share": FULL_SHARE,
    "layer_share": LAYER_SHARE,
    "esmm": ESMM_SHARE,
    "mmoe": MMOE,
    "snr": SNR_SHARE,
    "ple": PLE_SHARE,
    "random_mask": RANDOM_MASK,
    "neuron_share": NEURON_SHARE,
    "connection_share": CONNECTION_SHARE,
}

ALONE: dict[str, Sharing] = {
    "dense_alone": DENSE_ALONE,
    "subnetwork_alone": SUBNETWORK_ALONE,
}
"""No ways of sharing: what is left of connection_share without it."""


def find(sharing: str) -> Sharing:
    """Returns the entry called `sharing`; raises ConfigError where there is none."""
    known = SHARING | ALONE
    if sharing not in known:
        raise ConfigError(f"sharing method {sharing!r} isn't known; known are {sorted(known)}")
    return known[sharing]


def build(
    sharing: str, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
) -> Network:
    """Returns a freshly drawn network for `tasks`.

    Raises:
        ConfigError: `sharing` isn't in the registry, the method can't be built with these
            settings, or it needs masks and `model.prunable` names no weight.
    """
    entry = find(sharing)
    network = entry.build(layout, model, tasks, generator)
    for task in tasks:
        if entry.cut and not network.prunable(task):
            raise ConfigError(
                f"[model] prunable = {list(model.prunable)} matches no weight of the network; "
                f"its weights are {[name for name, _ in network.named_parameters()]}"
            )
    return network
