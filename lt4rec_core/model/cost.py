"""What a network costs: its weights, and the multiply-adds of one prediction."""

from __future__ import annotations

from lt4rec_core.data.layout import Layout
from lt4rec_core.model.interaction import interaction_size
from lt4rec_core.model.network import Masks, Network


def parameters(network: Network) -> int:
    """Returns the number of all trained values: embeddings, weights, biases and gates."""
    return sum(weight.numel() for weight in network.parameters())


def multiply_adds(network: Network, layout: Layout) -> int:
    """Returns the multiply-adds of one impression, for all tasks of `network`, without masks.

    They are counted from the layers' shapes, a layer that several tasks run through once.
    Lookups, pooling and biases, a few per mille, are left out.
    """
    layers = {
        name: weight.numel()
        for task in network.tasks
        for name, weight in network.layers(task).items()
    }
    return _crossing(network, layout) + sum(layers.values()) + network.mixing(network.tasks)


def kept_multiply_adds(network: Network, layout: Layout, masks: Masks) -> int:
    """Returns the multiply-adds of the connections that the tasks' masks keep.

    Each task runs through the layers under its own mask, so a connection that two tasks
    keep counts twice. Dense kernels do more than that: this is what sparse ones need.
    """
    kept = 0
    for task in network.tasks:
        own = masks.get(task, {})
        for name, weight in network.layers(task).items():
            kept += int(own[name].sum()) if name in own else weight.numel()
    return _crossing(network, layout) + kept + network.mixing(network.tasks)


def _crossing(network: Network, layout: Layout) -> int:
    fields, size = len(layout.fields), network.embeddings.weight.shape[1]
    return (interaction_size(fields, size, network.crossing) - fields * size) * size
