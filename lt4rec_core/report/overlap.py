"""How the tasks' masks lie over each other, layer by layer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MASK_FILE = "tensors.safetensors"
ALL_LAYERS = "all layers"


def measure_folders(masks: Mapping[str, Path]) -> dict[str, Any]:
    """As `measure`, from the folders of saved masks by task."""
    from safetensors.numpy import load_file

    return measure({task: load_file(root / MASK_FILE) for task, root in masks.items()})


def measure(masks: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> dict[str, Any]:
    """Counts the connections that each task, each pair of tasks and no task keeps.

    Args:
        masks: task → weight name → what is kept, of the weight's shape.

    Returns:
        Plain values: `tasks`, and `layers` with the output last and then all of them
        together, each with `name`, `size`, `kept` and `sizes` by task, `pairs` as
        [one, other, both, either], and `neither`, the connections that no task keeps.
        A weight that only some tasks know (an owned output layer) counts as not kept
        by the others, and isn't in their `kept` and `sizes`.
    """
    names = {name for mask in masks.values() for name in mask}
    layers = [_layer(name, masks) for name in sorted(names, key=from_input_to_output)]
    return {"tasks": list(masks), "layers": [*layers, _total(layers, list(masks))]}


def from_input_to_output(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """Orders weights' names as data runs through them, the output last."""
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]
    return name.startswith("output"), parts


def by_chance(one: float, other: float) -> float:
    """Returns which share masks of these densities have in common if they lie independently."""
    either = one + other - one * other
    return one * other / either if either else 1.0


def _layer(name: str, masks: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> dict[str, Any]:
    known = {task: mask[name].astype(bool) for task, mask in masks.items() if name in mask}
    nothing = np.zeros_like(next(iter(known.values())))
    kept = {task: known.get(task, nothing) for task in masks}
    return {
        "name": name,
        "size": nothing.size,
        "sizes": dict.fromkeys(known, nothing.size),
        "kept": {task: int(mask.sum()) for task, mask in known.items()},
        "pairs": [
            [one, other, int((kept[one] & kept[other]).sum()), int((kept[one] | kept[other]).sum())]
            for one, other in itertools.combinations(kept, 2)
        ],
        "neither": int((~np.logical_or.reduce(list(kept.values()))).sum()),
    }


def _total(layers: list[dict[str, Any]], tasks: list[str]) -> dict[str, Any]:
    def summed(what: str) -> dict[str, int]:
        return {task: sum(layer[what].get(task, 0) for layer in layers) for task in tasks}

    pairs = itertools.combinations(tasks, 2)
    return {
        "name": ALL_LAYERS,
        "size": sum(layer["size"] for layer in layers),
        "sizes": summed("sizes"),
        "kept": summed("kept"),
        "pairs": [
            [*pair, *(sum(layer["pairs"][place][k] for layer in layers) for k in (2, 3))]
            for place, pair in enumerate(pairs)
        ],
        "neither": sum(layer["neither"] for layer in layers),
    }
