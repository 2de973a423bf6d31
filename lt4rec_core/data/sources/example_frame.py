"""A data frame of the wanted features of many tf.train.Examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from lt4rec_core.data.sources.example import Values, decode
from lt4rec_core.data.sources.examples import BYTES, Feature, parse
from lt4rec_core.ranking.encode import canonical

TEXTS, NUMBERS = pl.List(pl.String), pl.List(pl.Float64)


def frame_of(
    row_ids: Sequence[str], messages: Sequence[bytes], texts: Sequence[str], numbers: Sequence[str]
) -> tuple[pl.DataFrame, frozenset[bytes]]:
    """Returns row_id, `text.<name>` and `number.<name>` of each message, and the names seen.

    A feature's values are null where the message has none of it, or isn't an Example.
    """
    wanted = list(dict.fromkeys(name.encode() for name in (*texts, *numbers)))
    parsed = parse(messages, wanted)
    columns = {f"text.{name}": _texts(parsed.features[name.encode()]) for name in texts}
    columns |= {f"number.{name}": _numbers(parsed.features[name.encode()]) for name in numbers}
    plain = pl.DataFrame({"row_id": row_ids, **columns}).filter(pl.Series(parsed.plain))
    odd: list[int] = np.flatnonzero(~parsed.plain).tolist()
    if not odd:
        return plain, parsed.seen
    decoded = [_decode(messages[row], frozenset(wanted)) for row in odd]
    rows = [
        (
            row_ids[row],
            *(_as_texts(values.get(name.encode())) for name in texts),
            *(_as_numbers(values.get(name.encode())) for name in numbers),
        )
        for row, values in zip(odd, decoded, strict=True)
    ]
    order = np.argsort(np.concatenate([np.flatnonzero(parsed.plain), odd]), kind="stable")
    both = pl.concat([plain, pl.DataFrame(rows, schema=plain.schema, orient="row")])
    return both[order], parsed.seen.union(*decoded)


def _decode(message: bytes, wanted: frozenset[bytes]) -> dict[bytes, Values]:
    try:
        return decode(message, wanted)
    except ValueError:
        return {}


def _texts(feature: Feature) -> pl.Series:
    if feature.kind == BYTES:
        values = _strings(feature)
    elif feature.values.dtype == np.float32:
        values = pl.Series([canonical(value) for value in feature.values.tolist()], dtype=pl.String)
    else:
        values = pl.Series(feature.values).cast(pl.String)
    return _lists(values, feature)


def _numbers(feature: Feature) -> pl.Series:
    if feature.kind != BYTES or not len(feature.ends):
        return _lists(pl.Series(feature.values).cast(pl.Float64), feature)
    texts = _strings(feature)
    distinct = texts.unique()
    numbers = pl.Series([_number(text) for text in distinct], dtype=pl.Float64)
    return _lists(texts.replace_strict(distinct, numbers, return_dtype=pl.Float64), feature)


def _strings(feature: Feature) -> pl.Series:
    """Returns the values of a feature of bytes as text; what isn't UTF-8 becomes U+FFFD."""
    offsets = np.concatenate([[0], feature.ends])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(feature.values)]
    binary = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(feature.ends), buffers)
    try:
        return pl.Series(binary.cast(pa.large_string()))
    except pa.ArrowInvalid:
        texts = [value.decode(errors="replace") for value in binary.to_pylist()]
        return pl.Series(texts, dtype=pl.String)


def _lists(values: pl.Series, feature: Feature) -> pl.Series:
    """Returns one list a message, null where it has no value."""
    counts = feature.counts
    offsets = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.LargeListArray.from_arrays(
        pa.array(offsets), values.to_arrow(), mask=pa.array(counts == 0)
    )
    return pl.Series(lists, dtype=pl.List(values.dtype))


def _as_texts(values: Values | None) -> list[str] | None:
    if not values:
        return None
    return [
        value.decode(errors="replace") if isinstance(value, bytes) else canonical(value)
        for value in values
    ]


def _as_numbers(values: Values | None) -> list[float | None] | None:
    return [_number(value) for value in values] if values else None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
