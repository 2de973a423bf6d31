"""Ids of a categorical table: counted, fitted on training days, encoded.

Index layout of a table with H hash buckets: 0 is a missing value, 1..H are unseen ids
(1 + crc32(id) mod H), H + 1.. are the vocabulary's ids. A vocabulary is a frame of
`id` (Utf8), `index` (Int32), `count` (Int64) and `seen` (Utf8), by index: `seen` is the
last training day on which the id occurred. The index of an id never changes while it is
in use; that of a retired one, unseen for long, may be given to a new id.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import polars as pl

MISSING = 0
SCHEMA = {"id": pl.String, "index": pl.Int32, "count": pl.Int64, "seen": pl.String}


def count_ids(columns: Mapping[str, Iterable[pl.LazyFrame]]) -> pl.DataFrame:
    """Counts the ids in frames of one column each, Utf8 or List(Utf8), streaming.

    The frames are given by day. Returns the `id`, the `count` and the last day `seen` of
    every id, in no particular order.
    """
    parts = [
        _ids(column).with_columns(pl.lit(day).alias("seen"))
        for day, frames in columns.items()
        for column in frames
    ]
    count = pl.len().cast(pl.Int64).alias("count")
    counts = pl.concat(parts).group_by("id").agg(count, pl.col("seen").max())
    return counts.collect(engine="streaming")


def fit(
    counts: pl.DataFrame,
    min_count: int,
    max_ids: int,
    oov_buckets: int,
    base: pl.DataFrame | None = None,
    retired_before: str = "",
) -> pl.DataFrame:
    """Gives an index to each id seen `min_count` times, to `max_ids` of them at most.

    The most frequent ids come first, equal counts by id. An id of `base` keeps its index
    and the count that it was given it for; new ids are appended. The ids of `base` last
    seen before the day `retired_before` are retired: new ids take their places first,
    those of the longest unseen; until then they keep them, and may come back.
    """
    old = _seen_again(empty() if base is None else base, counts)
    frequent = counts.filter(pl.col("count") >= min_count).join(old, on="id", how="anti")
    ranked = frequent.sort(["count", "id"], descending=[True, False])
    free = old.filter(pl.col("seen") < retired_before).sort("seen", "index")["index"]
    added = ranked.head(free.len() + max(max_ids - old.height, 0))
    first = 1 + oov_buckets + old.height
    appended = pl.int_range(first, first + max(added.height - free.len(), 0), eager=True)
    places = pl.concat([free, appended.cast(pl.Int32)]).head(added.height).alias("index")
    indexed = added.with_columns(places).select(*SCHEMA)
    return pl.concat([old.join(indexed, on="index", how="anti"), indexed]).sort("index")


def _seen_again(old: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Returns the vocabulary with the last day of the ids that `counts` has too."""
    last = counts.select("id", pl.col("seen").alias("again"))
    joined = old.join(last, on="id", how="left", maintain_order="left")
    return joined.with_columns(pl.max_horizontal("seen", "again").alias("seen")).drop("again")


def empty() -> pl.DataFrame:
    """Returns the vocabulary of no ids."""
    return pl.DataFrame(schema=SCHEMA)


def oov_index(identifier: str, oov_buckets: int) -> int:
    """Index of an id outside the vocabulary: the same for every machine and version."""
    return 1 + zlib.crc32(identifier.encode()) % oov_buckets


def encode(ids: pl.Expr, vocabulary: pl.DataFrame, oov_buckets: int) -> pl.Expr:
    """Indices (Int32) of a Utf8 column; elementwise, so that it can be streamed.

    The vocabulary is handed to polars as an Enum, whose codes are its rows: a lookup
    built once, where a join would be built for every field and batch.
    """
    code = ids.cast(pl.Enum(vocabulary["id"]), strict=False).to_physical()
    unseen = pl.when(code.is_null() & _given(ids)).then(ids)

    def hashed(texts: pl.Series) -> pl.Series:
        unique = texts.drop_nulls().unique()
        index = [oov_index(text, oov_buckets) for text in unique]
        return texts.replace_strict(unique, index, default=MISSING, return_dtype=pl.Int32)

    return (
        pl.when(code.is_not_null() & _given(ids))
        .then(code.cast(pl.Int32) + (1 + oov_buckets))
        .otherwise(unseen.map_batches(hashed, return_dtype=pl.Int32, is_elementwise=True))
    )


def encode_lists(lists: pl.Expr, vocabulary: pl.DataFrame, oov_buckets: int) -> pl.Expr:
    """Indices (List(Int32)) of a List(Utf8) column; a list without any id becomes [0]."""
    element = pl.element()
    given = lists.list.eval(element.filter(_given(element)))
    encoded = given.list.eval(encode(element, vocabulary, oov_buckets))
    missing = pl.lit([MISSING], dtype=pl.List(pl.Int32))
    return pl.when(given.list.len() > 0).then(encoded).otherwise(missing)


def _ids(column: pl.LazyFrame) -> pl.LazyFrame:
    schema = column.collect_schema()
    (name,) = schema.names()
    ids = column.select(pl.col(name).alias("id"))
    if isinstance(schema[name], pl.List):
        ids = ids.explode("id")
    return ids.filter(_given(pl.col("id")))


def _given(ids: pl.Expr) -> pl.Expr:
    return ids.is_not_null() & (ids != "")
