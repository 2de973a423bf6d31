"""A network's embeddings carried over to a vocabulary that has changed since.

Shapes: T rows of a table, R rows of all tables stacked.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from lt4rec_core.config import Config
from lt4rec_core.data import vocabulary
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.encoding import fields_of, tables_of
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.layout import layout_of
from lt4rec_core.errors import ArtifactError

EMBEDDINGS = "embeddings.weight"


def grown(
    weights: Mapping[str, torch.Tensor], old: Dataset, new: Dataset
) -> dict[str, torch.Tensor]:
    """Returns the weights of a network for `old`'s features as weights for `new`'s.

    A row of the embeddings follows its id, bit by bit. An id that the network didn't know
    starts from the hash bucket that it fell into until now. So the grown network predicts
    what the old one did, but for impressions with ids that had to give their place away.

    Raises:
        ArtifactError: the features differ in more than their ids.
    """
    if _outline(old.features) != _outline(new.features):
        raise ArtifactError(
            "the network was trained on other fields, tables, OOV buckets or boundaries than "
            "the dataset has; it can be carried over to other ids only: search anew"
        )
    offsets = layout_of(old.features).table_offsets
    rows_R = np.concatenate(
        [
            offset + _origins(old, new, table)
            for table, offset in zip(new.features.tables, offsets, strict=True)
        ]
    )
    return {
        name: values[torch.from_numpy(rows_R)] if name == EMBEDDINGS else values
        for name, values in weights.items()
    }


def check_growable(config: Config, old: Dataset) -> None:
    """Raises ArtifactError where `config` asks for other features than `old` has, but for ids."""
    fields, asked = fields_of(config.fields), tables_of(config.fields, config.ingest)
    known_fields, tables = _outline(old.features)
    known = {name: outline for name, *outline in tables}
    for name in known.keys() | asked.keys():
        kind, buckets, boundaries = asked.get(name, ("", 0, ()))
        had = known.get(name, ["", 0, ()])
        if [kind, buckets] != had[:2] or boundaries not in ((), had[2]):
            raise ArtifactError(
                f"the configuration has another table {name!r}: another kind, number of OOV "
                "buckets or boundaries"
            )
    if fields != known_fields:
        raise ArtifactError("the configuration has other fields, or reads them differently")


Outline = tuple[tuple[FieldMap, ...], tuple[tuple[str, str, int, tuple[float, ...]], ...]]


def _outline(features: FeatureMap) -> Outline:
    """Returns everything of the features but the ids."""
    return features.fields, tuple(
        (table.name, table.kind, table.oov_buckets, table.boundaries) for table in features.tables
    )


def _origins(old: Dataset, new: Dataset, table: TableMap) -> npt.NDArray[np.int64]:
    """Returns the row of the old table that each row of the new one comes from, int64 [T]."""
    rows_T = np.arange(table.size, dtype=np.int64)
    if table.kind == "categorical":
        key = ["id", "index"]
        before, now = (data.vocabulary(table.name).select(key) for data in (old, new))
        fresh = now.join(before, on=key, how="anti")
        buckets = [
            vocabulary.oov_index(identifier, table.oov_buckets) for identifier in fresh["id"]
        ]
        rows_T[fresh["index"].to_numpy()] = np.asarray(buckets, dtype=np.int64)
    return rows_T
