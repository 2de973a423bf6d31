"""From raw columns to indices: the feature map fitted on training days, applied to all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from lt4rec_core.config import FeatureField, Ingest, Table
from lt4rec_core.data import buckets, vocabulary
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.errors import ArtifactError


@dataclass(frozen=True)
class Encoding:
    """A feature map and the vocabulary (see `vocabulary`) of each categorical table."""

    features: FeatureMap
    vocabularies: Mapping[str, pl.DataFrame]

    def encode(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Returns `frame` with a column `id.<field>` for every field, streaming."""
        return frame.with_columns(
            self._indices(field).alias(f"id.{field.name}") for field in self.features.fields
        )

    def _indices(self, field: FieldMap) -> pl.Expr:
        table = self.features.table(field.table)
        column = pl.col(field.column)
        if field.kind == "numeric":
            return buckets.encode(column, table.boundaries)
        encode = vocabulary.encode_lists if field.values == "multi" else vocabulary.encode
        return encode(column, self.vocabularies[field.table], table.oov_buckets)


def fit(
    train: Mapping[str, pl.LazyFrame],
    fields: Sequence[FeatureField],
    settings: Ingest,
    base: Encoding | None = None,
) -> Encoding:
    """Fits the tables of `fields` on the training rows, given by day.

    A table that `base` has too keeps its boundaries and the ids in use; ids unseen for
    `settings.retire_days` days give their places to new ones.
    """
    rows = pl.concat(train.values())
    maps: list[TableMap] = []
    vocabularies: dict[str, pl.DataFrame] = {}
    for name in dict.fromkeys(field.table_name for field in fields):
        readers = [field for field in fields if field.table_name == name]
        if readers[0].kind == "numeric":
            maps.append(_numeric(rows, readers[0], _base_table(base, name)))
        else:
            ids = _ids(train, readers, settings, base)
            vocabularies[name] = ids
            maps.append(_categorical(name, ids, _table(settings, name).oov_buckets))
    features = FeatureMap(fields_of(fields), tuple(maps))
    return Encoding(features, vocabularies)


def fields_of(fields: Sequence[FeatureField]) -> tuple[FieldMap, ...]:
    """Returns what a feature map says of `fields`."""
    return tuple(
        FieldMap(field.name, field.source_column, field.values, field.table_name, field.kind)
        for field in fields
    )


def tables_of(
    fields: Sequence[FeatureField], settings: Ingest
) -> dict[str, tuple[str, int, tuple[float, ...]]]:
    """Returns kind, OOV buckets and given boundaries of each table that `fields` look up."""
    return {
        field.table_name: (field.kind, 0, field.boundaries)
        if field.kind == "numeric"
        else (field.kind, _table(settings, field.table_name).oov_buckets, ())
        for field in fields
    }


def _ids(
    train: Mapping[str, pl.LazyFrame],
    readers: Sequence[FeatureField],
    settings: Ingest,
    base: Encoding | None,
) -> pl.DataFrame:
    name = readers[0].table_name
    table = _table(settings, name)
    old = _base_table(base, name)
    if old is not None and old.oov_buckets != table.oov_buckets:
        raise ArtifactError(
            f"table {name!r} has {old.oov_buckets} OOV buckets in the base dataset and "
            f"{table.oov_buckets} in the configuration; an append-only mapping needs the same"
        )
    columns = dict.fromkeys(reader.source_column for reader in readers)
    counts = vocabulary.count_ids(
        {day: [rows.select(column) for column in columns] for day, rows in train.items()}
    )
    known = None if base is None or old is None else base.vocabularies[name]
    retired = _retired_before(max(train), settings.retire_days)
    return vocabulary.fit(counts, table.min_count, table.max_ids, table.oov_buckets, known, retired)


def _retired_before(last: str, days: int) -> str:
    """Returns the day before which an id must have been seen last to be retired; "" for none."""
    try:
        return (date.fromisoformat(last) - timedelta(days=days)).isoformat() if days else ""
    except ValueError:  # the source has no days
        return ""


def _numeric(train: pl.LazyFrame, field: FeatureField, old: TableMap | None) -> TableMap:
    if field.boundaries:
        boundaries = field.boundaries
    elif old is not None:
        boundaries = old.boundaries
    else:
        boundaries = buckets.fit(train.select(field.source_column), field.buckets)
    return TableMap(field.table_name, "numeric", len(boundaries) + 2, boundaries=boundaries)


def _categorical(name: str, ids: pl.DataFrame, oov_buckets: int) -> TableMap:
    digest = hashlib.sha256(json.dumps(ids["id"].to_list()).encode()).hexdigest()
    size = 1 + oov_buckets + ids.height
    return TableMap(name, "categorical", size, oov_buckets, vocabulary_digest=digest)


def _table(settings: Ingest, name: str) -> Table:
    own = settings.tables.get(name, Table())
    return Table(
        min_count=own.min_count or settings.min_count,
        max_ids=own.max_ids or settings.max_ids,
        oov_buckets=own.oov_buckets or settings.oov_buckets,
    )


def _base_table(base: Encoding | None, name: str) -> TableMap | None:
    if base is None:
        return None
    return next((table for table in base.features.tables if table.name == name), None)
