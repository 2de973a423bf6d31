"""Rewinding: a network goes back to where its training begins (paper, Algorithm 1)."""

from __future__ import annotations

from lt4rec_core.model.network import Network
from lt4rec_core.training.checkpoint import Checkpoint, load_weights
from lt4rec_core.training.ground import Ground
from lt4rec_core.training.optimizer import MaskedAdam


def rewind(
    ground: Ground, network: Network, optimizer: MaskedAdam, init: Checkpoint, to: str
) -> None:
    """Sets `network` to sNET_init, moments included; forgets all that was trained since.

    With `to` "fresh" it goes to another draw than the one that warm-up began from, without
    moments. A network of some of the run's tasks takes what it has of sNET_init.

    Raises:
        ArtifactError: sNET_init is of another network.
    """
    if to == "fresh":
        drawn = ground.network(ground.config.model.sharing, network.tasks, "fresh")
        load_weights(network, drawn.state_dict())
        optimizer.load({})
        return
    weights = init.group("weights")
    if set(network.tasks) < set(ground.tasks):
        weights = {name: weights[name] for name in network.state_dict() if name in weights}
    load_weights(network, weights)
    optimizer.load(init.group("moments"))
