"""The first layers of all heads, as one: they read the same products and embeddings.

Shapes: B = rows, F = fields, D = embedding size, P = products, E = values of embeddings,
O = outputs of all heads together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.ranking.layout import RankingLayout, head

Float32 = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FirstLayer:
    """What the first layer says: products of fields and embeddings, times weights.

    Fields meet each other in both orders (i, j) and (j, i), with the same product: the two
    weights are added up once, in `of`, and the product enters once.

    Attributes:
        fields: F.
        dim: D.
        left_P: the one field of each product that some head reads.
        right_P: the other field.
        flat_E: what some head reads of the embeddings, one after the other: of F * D.
        weight_IO: weights of the products [P, O], then of the embeddings [E, O].
        bias_O: biases.
    """

    fields: int
    dim: int
    left_P: Places
    right_P: Places
    flat_E: Places
    weight_IO: Float32
    bias_O: Float32

    @classmethod
    def of(cls, layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]]) -> FirstLayer:
        """Returns the first layers of a model's heads, side by side."""
        fields = len(layout.fields)
        kept_I = np.array(layout.kept or range(layout.inputs))
        column_I, source_I = np.unique(_canonical(layout)[kept_I], return_inverse=True)
        each = [tensors[head(task, 0, "weight")] for task in layout.tasks]
        weight_IO = np.zeros((len(column_I), sum(map(len, each))), np.float32)
        np.add.at(weight_IO, source_I, np.concatenate(each).T)
        product_P = _products(layout)[column_I[column_I < layout.crossings]]
        left_P, right_P = np.divmod(product_P, fields)
        flat_E = column_I[column_I >= layout.crossings] - layout.crossings
        bias_O = np.concatenate([tensors[head(task, 0, "bias")] for task in layout.tasks])
        return cls(fields, layout.embedding_dim, left_P, right_P, flat_E, weight_IO, bias_O)

    def __call__(self, embedding_BFD: Float32) -> Float32:
        """Returns the outputs [B, O], before any ReLU."""
        output_BO = self.inputs(embedding_BFD) @ self.weight_IO
        output_BO += self.bias_O
        return output_BO

    @property
    def products(self) -> Places:
        """Where each product [P] stands among all F * F."""
        product_P: Places = self.left_P * self.fields + self.right_P
        return product_P

    def inputs(self, embedding_BFD: Float32) -> Float32:
        """Returns what is multiplied by weights: products, then embeddings [B, P + E]."""
        rows = len(embedding_BFD)
        product_BFF = np.matmul(embedding_BFD, embedding_BFD.transpose(0, 2, 1))
        flat_BE = embedding_BFD.reshape(rows, self.fields * self.dim)
        if len(self.flat_E) < self.fields * self.dim:
            flat_BE = flat_BE[:, self.flat_E]
        crossed_BP = product_BFF.reshape(rows, self.fields**2)[:, self.products]
        return np.concatenate([crossed_BP, flat_BE], axis=1)

    def given(self, known_F: npt.NDArray[np.bool_], embedding_FD: Float32) -> FirstLayer:
        """Returns the layer over the other fields, for rows that agree in the known ones.

        What is known goes into the biases; the product of a known field and an open one is
        linear in the open one, so its weight goes into that embedding's.

        Args:
            known_F: the fields whose embedding is the same in every row; not all of them.
            embedding_FD: embeddings of the known fields; those of the others don't matter.
        """
        dim, open_F = self.dim, np.flatnonzero(~known_F)
        place_F = np.cumsum(~known_F) - 1
        product_PO, flat_EO = np.split(self.weight_IO, [len(self.left_P)])
        knows_left_P, knows_right_P = known_F[self.left_P], known_F[self.right_P]
        knows_E = known_F[self.flat_E // dim]

        both_P, none_P = knows_left_P & knows_right_P, ~(knows_left_P | knows_right_P)
        said_P = (embedding_FD[self.left_P[both_P]] * embedding_FD[self.right_P[both_P]]).sum(1)
        bias_O = self.bias_O + said_P @ product_PO[both_P]
        bias_O += embedding_FD.ravel()[self.flat_E[knows_E]] @ flat_EO[knows_E]

        rest_FDO = np.zeros((len(open_F), dim, len(bias_O)), np.float32)
        open_E = self.flat_E[~knows_E]
        rest_FDO[place_F[open_E // dim], open_E % dim] = flat_EO[~knows_E]
        partner_P = np.where(knows_left_P, self.left_P, self.right_P)
        for place, field in enumerate(open_F):
            meets_P = (knows_left_P & (self.right_P == field)) | (
                knows_right_P & (self.left_P == field)
            )
            rest_FDO[place] += embedding_FD[partner_P[meets_P]].T @ product_PO[meets_P]
        open_EO = rest_FDO.reshape(len(open_F) * dim, len(bias_O))
        return FirstLayer(
            fields=len(open_F),
            dim=dim,
            left_P=place_F[self.left_P[none_P]],
            right_P=place_F[self.right_P[none_P]],
            flat_E=np.arange(len(open_F) * dim),
            weight_IO=np.concatenate([product_PO[none_P], open_EO]),
            bias_O=bias_O,
        )


def _products(layout: RankingLayout) -> Places:
    """Returns where in the F * F products each crossing stands."""
    fields = len(layout.fields)
    if layout.crossing == "full":
        return np.arange(fields * fields)
    return np.ravel_multi_index(np.tril_indices(fields), (fields, fields))


def _canonical(layout: RankingLayout) -> Places:
    """Returns for each input the first input that always has the same value."""
    column_I = np.arange(layout.inputs)
    if layout.crossing == "full":
        fields = len(layout.fields)
        product_FF = np.arange(fields * fields).reshape(fields, fields)
        column_I[: fields * fields] = np.minimum(product_FF, product_FF.T).ravel()
    return column_I
