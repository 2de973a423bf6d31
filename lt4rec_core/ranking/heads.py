"""All tasks' folded heads over one set of embeddings.

Shapes: B = rows, F = fields, D = embedding size, I = inputs, O = outputs of a layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.ranking.layout import RankingLayout, head

Float32 = npt.NDArray[np.float32]


class Heads:
    """The tasks' predictions from the fields' embeddings.

    Fields meet each other in both orders (i, j) and (j, i), with the same product: the two
    weights are added up once, here, and the product enters once. The first layers of all
    heads read the same inputs, so they are one matrix.

    Attributes:
        layout: of the model.
        products: the products of two fields that some head reads, of all F * F.
        flat: what some head reads of the embeddings, one after the other: F * D.
        first_IO: the first layers' weights, side by side.
        first_bias_O: their biases.
        ends: where in O each task's outputs end, but for the last task's.
        rest: each task's layers after the first, weights [inputs, outputs] and biases.
    """

    def __init__(self, layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
        self.layout = layout
        kept_I = np.array(layout.kept or range(layout.inputs))
        column_I, source_I = np.unique(_canonical(layout)[kept_I], return_inverse=True)
        firsts = [tensors[head(task, 0, "weight")] for task in layout.tasks]
        first_OI = np.zeros((sum(len(each) for each in firsts), len(column_I)), np.float32)
        np.add.at(first_OI.T, source_I, np.concatenate(firsts).T)
        self.first_IO = np.ascontiguousarray(first_OI.T)
        self.first_bias_O = np.concatenate(
            [tensors[head(task, 0, "bias")] for task in layout.tasks]
        )
        self.ends = np.cumsum([len(each) for each in firsts])[:-1]
        self.products = _products(layout)[column_I[column_I < layout.crossings]]
        self.flat = column_I[column_I >= layout.crossings] - layout.crossings
        whole = len(self.flat) == layout.inputs - layout.crossings
        self._flat = slice(None) if whole else self.flat
        self.rest = {
            task: [
                (
                    np.ascontiguousarray(tensors[head(task, layer, "weight")].T),
                    tensors[head(task, layer, "bias")],
                )
                for layer in range(1, len(layout.hidden) + 1)
            ]
            for task in layout.tasks
        }

    def predict(self, embedding_BFD: Float32) -> dict[str, Float32]:
        """Returns each task's prediction, float32 [B]."""
        # Only weights far from any that training gives overflow. The digests keep them out; a
        # warning for each request would tell nobody.
        with np.errstate(over="ignore", invalid="ignore"):
            first_BO = self.inputs(embedding_BFD) @ self.first_IO
            first_BO += self.first_bias_O
            pieces = np.split(first_BO, self.ends, axis=1)
            return {
                task: _probability(self._finish(layers, piece))
                for (task, layers), piece in zip(self.rest.items(), pieces, strict=True)
            }

    def inputs(self, embedding_BFD: Float32) -> Float32:
        """Returns what the first layer reads: products of fields, then embeddings [B, I]."""
        rows = len(embedding_BFD)
        product_BFF = np.matmul(embedding_BFD, embedding_BFD.transpose(0, 2, 1))
        crossed_BC = product_BFF.reshape(rows, len(self.layout.fields) ** 2)
        flat_BE = embedding_BFD.reshape(rows, self.layout.inputs - self.layout.crossings)
        return np.concatenate([crossed_BC[:, self.products], flat_BE[:, self._flat]], axis=1)

    @staticmethod
    def _finish(layers: list[tuple[Float32, Float32]], value_BO: Float32) -> Float32:
        for weight_IO, bias_O in layers:
            value_BO = np.maximum(value_BO, np.float32(0)) @ weight_IO
            value_BO += bias_O
        return value_BO[:, 0]


def _products(layout: RankingLayout) -> npt.NDArray[np.int64]:
    """Returns where in the F * F products each crossing [C] stands."""
    fields = len(layout.fields)
    if layout.crossing == "full":
        return np.arange(fields * fields)
    return np.ravel_multi_index(np.tril_indices(fields), (fields, fields))


def _canonical(layout: RankingLayout) -> npt.NDArray[np.int64]:
    """Returns for each input [I] the first input that always has the same value."""
    column_I = np.arange(layout.inputs)
    if layout.crossing == "full":
        fields = len(layout.fields)
        product_FF = np.arange(fields * fields).reshape(fields, fields)
        column_I[: fields * fields] = np.minimum(product_FF, product_FF.T).ravel()
    return column_I


def _probability(logit_B: Float32) -> Float32:
    small_B = np.exp(-np.abs(logit_B))  # never overflows
    probability_B: Float32 = np.where(logit_B >= 0, 1, small_B) / (1 + small_B)
    return probability_B.astype(np.float32)
