"""What pruning left over, taken out of folded heads without changing what they say.

A neuron whose outgoing weights are all zero is heard by nobody; one whose incoming weights
are all zero says max(bias, 0) whatever comes in, which the next layer's bias can say for it.
An input that no head has a weight for needn't be computed.

Shapes: I inputs of a layer, O outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.ranking.layout import RankingLayout, head

Float32 = npt.NDArray[np.float32]
Layer = tuple[Float32, Float32]


def compact(
    layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]]
) -> tuple[RankingLayout, dict[str, npt.NDArray[Any]]]:
    """Returns layout and tensors of the same model without dead neurons and dead inputs."""
    heads = {task: without_dead_neurons(_layers(layout, tensors, task)) for task in layout.tasks}
    used_I = np.zeros(layout.inputs, dtype=bool)
    for layers in heads.values():
        used_I |= (layers[0][0] != 0).any(axis=0)
    kept = np.flatnonzero(used_I)
    small = {name: values for name, values in tensors.items() if not name.startswith("head.")}
    everything = len(kept) in (0, layout.inputs)  # a head that hears nothing keeps its shape
    for task, layers in heads.items():
        for position, (weight_OI, bias_O) in enumerate(layers):
            first = position == 0 and not everything
            cut_OI = weight_OI[:, kept] if first else weight_OI
            small[head(task, position, "weight")] = np.ascontiguousarray(cut_OI)
            small[head(task, position, "bias")] = bias_O
    widths = {task: tuple(len(bias) for _, bias in layers[:-1]) for task, layers in heads.items()}
    changed = {task: width for task, width in widths.items() if width != layout.hidden}
    return replace(layout, widths=changed, kept=() if everything else tuple(kept.tolist())), small


def without_dead_neurons(layers: Sequence[Layer]) -> list[Layer]:
    """Returns the layers without neurons that nobody hears or that always say the same."""
    layers = list(layers)
    before = -1
    while before != (before := sum(len(bias) for _, bias in layers)):
        for position in range(len(layers) - 1):
            weight_OI, bias_O = layers[position]
            next_weight, next_bias = layers[position + 1]
            alive_O = (weight_OI != 0).any(axis=1)
            said_O = np.where(alive_O, np.float32(0), np.maximum(bias_O, np.float32(0)))
            heard_O = alive_O & (next_weight != 0).any(axis=0)
            layers[position] = (weight_OI[heard_O], bias_O[heard_O])
            layers[position + 1] = (next_weight[:, heard_O], next_bias + next_weight @ said_O)
    return layers


def _layers(
    layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]], task: str
) -> list[Layer]:
    return [
        (tensors[head(task, layer, "weight")], tensors[head(task, layer, "bias")])
        for layer in range(len(layout.hidden) + 1)
    ]
