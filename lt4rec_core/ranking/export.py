"""Writes a ranking model's folder: masks folded into the weights, one head a task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from lt4rec_core.errors import ArtifactError
from lt4rec_core.ranking.compact import compact
from lt4rec_core.ranking.layout import (
    EMBEDDINGS,
    LAYOUT_FILE,
    WEIGHTS_FILE,
    RankingLayout,
    head,
    vocabulary_file,
)
from lt4rec_core.ranking.scorer import check_shapes, check_sizes, sha256

Tensors = Mapping[str, npt.NDArray[Any]]


def export(
    layout: RankingLayout,
    weights: Tensors,
    masks: Mapping[str, Tensors],
    vocabulary: Mapping[str, Sequence[str]],
    folder: Path,
) -> None:
    """Writes the model into the empty `folder`; the caller makes it appear whole.

    What pruning left dead is taken out; see `lt4rec_core.ranking.compact`.

    Args:
        layout: what the model looks like.
        weights: the trained network: `embeddings.weight`, `over.<i>.weight` / `.bias`, and
            `output.*` (shared) or `output.<task>.*` (owned).
        masks: by task and parameter name, True where the task's subnetwork keeps the
            weight; a parameter without a mask is kept whole.
        vocabulary: ids of each categorical table, in the order of their indices.
        folder: an empty folder.

    Raises:
        ArtifactError: weights, masks, vocabulary and layout don't fit each other.
    """
    layout, tensors = compact(layout, fold(layout, weights, masks))
    check_shapes(layout, tensors)
    check_sizes(layout, vocabulary)
    save_file(tensors, folder / WEIGHTS_FILE)
    names = [WEIGHTS_FILE]
    for table in (table for table in layout.tables if table.kind == "categorical"):
        name = vocabulary_file(table.name)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(list(vocabulary[table.name])), encoding="utf-8")
        names.append(name)
    files = {name: sha256(folder / name) for name in names}
    (folder / LAYOUT_FILE).write_text(layout.to_json(files), encoding="utf-8")


def fold(
    layout: RankingLayout, weights: Tensors, masks: Mapping[str, Tensors]
) -> dict[str, npt.NDArray[Any]]:
    """Tensors of the ranking model: per task theta · m_task (paper, Eq. 1), as float32.

    Raises:
        ArtifactError: a parameter is missing, or a mask names no parameter or has
            another shape.
    """
    tensors = {EMBEDDINGS: _parameter(weights, EMBEDDINGS)}
    for task in layout.tasks:
        mask = masks.get(task, {})
        used = set()
        for layer in range(len(layout.hidden) + 1):
            for part in ("weight", "bias"):
                name = _source(weights, layout, task, layer, part)
                tensors[head(task, layer, part)] = _masked(weights, mask, task, name)
                used.add(name)
        if unused := sorted(set(mask) - used):
            raise ArtifactError(
                f"the mask of {task!r} names {unused}, which its subnetwork doesn't use; "
                f"expected some of {sorted(used)}: prune again with this network"
            )
    return tensors


def _source(weights: Tensors, layout: RankingLayout, task: str, layer: int, part: str) -> str:
    if layer < len(layout.hidden):
        return f"over.{layer}.{part}"
    owned = f"output.{task}.{part}"
    return owned if owned in weights else f"output.{part}"


def _masked(weights: Tensors, mask: Tensors, task: str, name: str) -> npt.NDArray[Any]:
    parameter = _parameter(weights, name)
    if name not in mask:
        return parameter
    if mask[name].shape != parameter.shape:
        raise ArtifactError(
            f"the mask of {task!r} has shape {mask[name].shape} for {name!r}, expected "
            f"{parameter.shape}: it was made for another network; prune again"
        )
    # where, not a product: a pruned weight is 0 whatever it holds, and never -0.
    return np.where(mask[name].astype(bool), parameter, np.float32(0))


def _parameter(weights: Tensors, name: str) -> npt.NDArray[Any]:
    if name not in weights:
        raise ArtifactError(
            f"the checkpoint has no parameter {name!r}; it has {sorted(weights)}: "
            "train again with this configuration"
        )
    return np.ascontiguousarray(weights[name], dtype=np.float32)
