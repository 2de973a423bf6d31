"""All tasks' folded heads over one set of embeddings.

Shapes: B = rows, F = fields, D = embedding size, I = inputs, O = outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.ranking.first_layer import FirstLayer
from lt4rec_core.ranking.layout import RankingLayout, head

Float32 = npt.NDArray[np.float32]
Layer = tuple[Float32, Float32]


@dataclass(frozen=True)
class Heads:
    """The tasks' predictions from the fields' embeddings.

    Attributes:
        first: the first layers of all heads.
        ends: where in its outputs each task's end, but for the last task's.
        rest: each task's layers after the first, weights [I, O] and biases [O].
    """

    first: FirstLayer
    ends: npt.NDArray[np.int64]
    rest: Mapping[str, list[Layer]]

    @classmethod
    def of(cls, layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]]) -> Heads:
        """Returns the heads of a model's layout and tensors."""
        widths = [len(tensors[head(task, 0, "bias")]) for task in layout.tasks]
        rest = {
            task: [
                (
                    np.ascontiguousarray(tensors[head(task, layer, "weight")].T),
                    tensors[head(task, layer, "bias")],
                )
                for layer in range(1, len(layout.hidden) + 1)
            ]
            for task in layout.tasks
        }
        return cls(FirstLayer.of(layout, tensors), np.cumsum(widths)[:-1], rest)

    def given(self, known_F: npt.NDArray[np.bool_], embedding_FD: Float32) -> Heads:
        """Returns the heads over the fields that aren't known; see `FirstLayer.given`."""
        with _quiet():
            return replace(self, first=self.first.given(known_F, embedding_FD))

    def predict(self, embedding_BFD: Float32) -> dict[str, Float32]:
        """Returns each task's prediction, float32 [B]."""
        with _quiet():
            pieces = np.split(self.first(embedding_BFD), self.ends, axis=1)
            return {
                task: _probability(_finish(layers, piece))
                for (task, layers), piece in zip(self.rest.items(), pieces, strict=True)
            }


def predict(heads: Heads, found: Sequence[Float32], rows: int) -> dict[str, Float32]:
    """Returns each task's prediction, float32 [B], of `rows` rows.

    In a request for one user's candidates most fields are the same in every row: they are
    computed once, and each candidate pays for its own fields alone.

    Args:
        heads: the model's.
        found: each field's embeddings [B, D], or [1, D] where they are the same in all rows.
        rows: B.
    """
    known_F = np.array([len(values) < rows for values in found])
    if known_F.all():  # rows that differ in nothing
        known_F[:] = False
    if known_F.any():
        heads = heads.given(known_F, np.stack([values[0] for values in found]))
    shape = (rows, found[0].shape[1])
    varying = [
        values if len(values) == rows else np.broadcast_to(values, shape)
        for values, known in zip(found, known_F, strict=True)
        if not known
    ]
    # As np.stack(varying, axis=1) would, which takes ten times as long for one candidate.
    return heads.predict(np.concatenate(varying, axis=1).reshape(rows, len(varying), shape[1]))


def _quiet() -> np.errstate:
    # Only weights far from any that training gives overflow. The digests keep them out; a
    # warning for each request would tell nobody.
    return np.errstate(over="ignore", invalid="ignore")


def _finish(layers: list[Layer], value_BO: Float32) -> Float32:
    for weight_IO, bias_O in layers:
        value_BO = np.maximum(value_BO, np.float32(0), out=value_BO) @ weight_IO
        value_BO += bias_O
    return value_BO[:, 0]


def _probability(logit_B: Float32) -> Float32:
    small_B = np.exp(-np.abs(logit_B))  # never overflows
    probability_B: Float32 = np.where(logit_B >= 0, 1, small_B) / (1 + small_B)
    return probability_B.astype(np.float32)
