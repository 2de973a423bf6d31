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
        Plain values: `tasks`, and `layers`, the last of which is all of them together,
        each with `name`, `size`, `kept` by task, `pairs` as [one, other, both, either],
        and `neither`, the connections that no task keeps. A weight that only some tasks
        know (an owned output layer) counts as not kept by the others.
    """
    names = list(dict.fromkeys(name for mask in masks.values() for name in mask))
    layers = [_layer(name, masks) for name in names]
    return {"tasks": list(masks), "layers": [*layers, _total(layers, list(masks))]}


def _layer(name: str, masks: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> dict[str, Any]:
    known = {task: mask[name].astype(bool) for task, mask in masks.items() if name in mask}
    nothing = np.zeros_like(next(iter(known.values())))
    kept = {task: known.get(task, nothing) for task in masks}
    return {
        "name": name,
        "size": nothing.size,
        "kept": {task: int(mask.sum()) for task, mask in kept.items()},
        "pairs": [
            [one, other, int((kept[one] & kept[other]).sum()), int((kept[one] | kept[other]).sum())]
            for one, other in itertools.combinations(kept, 2)
        ],
        "neither": int((~np.logical_or.reduce(list(kept.values()))).sum()),
    }


def _total(layers: list[dict[str, Any]], tasks: list[str]) -> dict[str, Any]:
    pairs = list(itertools.combinations(tasks, 2))
    return {
        "name": ALL_LAYERS,
        "size": sum(layer["size"] for layer in layers),
        "kept": {task: sum(layer["kept"][task] for layer in layers) for task in tasks},
        "pairs": [
            [
                one,
                other,
                sum(layer["pairs"][place][2] for layer in layers),
                sum(layer["pairs"][place][3] for layer in layers),
            ]
            for place, (one, other) in enumerate(pairs)
        ],
        "neither": sum(layer["neither"] for layer in layers),
    }
