"""From raw feature values to rows of the stacked embeddings, as ingestion encodes them.

A categorical table holds: 0 = missing, 1..H = hash buckets of unknown ids, then the
vocabulary. A numeric table holds: 0 = missing, then one row a bucket.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.errors import InputError
from lt4rec_core.ranking.layout import Field, Table

MISSING = 0
EXACT = 2.0**53  # of the whole numbers below, a float says which it is

# Unicode's White_Space, which polars strips; str.strip() takes four more.
_WHITESPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


class Lookup(dict[Any, int]):
    """Index of each known id; any other value is made canonical, then looked up or hashed."""

    def __init__(self, ids: Sequence[str], oov_buckets: int) -> None:
        super().__init__(zip(ids, range(1 + oov_buckets, 1 + oov_buckets + len(ids)), strict=True))
        self[None] = self[""] = MISSING
        self._oov_buckets = oov_buckets

    def __missing__(self, value: Any) -> int:
        """Index of a value that isn't itself a known id."""
        text = canonical(value)
        index = self.get(text)
        if index is not None:
            return index
        return 1 + zlib.crc32(text.encode("utf-8", "replace")) % self._oov_buckets


def canonical(value: Any) -> str:
    """The id as ingestion writes it: stripped text; empty where `value` says "missing"."""
    if isinstance(value, str):
        return value.strip(_WHITESPACE)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip(_WHITESPACE)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if _is_missing(value):
        return ""
    if isinstance(value, (float, np.floating)) and abs(float(value)) < EXACT:
        whole = int(value)  # a column of whole numbers is one of floats where some are missing
        return str(whole) if whole == value else str(value)
    return str(value)


def encode_single(field: Field, values: Iterable[Any], lookup: Lookup) -> npt.NDArray[np.int64]:
    """Indices [B] of one value a row.

    Raises:
        InputError: a row holds a list.
    """
    try:
        return np.fromiter((lookup[value] for value in values), dtype=np.int64)
    except TypeError:
        raise InputError(
            f"column {field.column!r} holds lists, but field {field.name!r} takes one value a "
            "row: pass text or numbers"
        ) from None


def encode_multi(
    field: Field, values: Iterable[Any], lookup: Lookup
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices [N] of all rows' values one after another, and where each row starts [B].

    No row is empty: a missing value is [0].

    Raises:
        InputError: a row holds neither a list of values nor text.
    """
    indices: list[int] = []
    starts: list[int] = []
    for value in values:
        starts.append(len(indices))
        try:
            found = [lookup[part] for part in _parts(field, value)]
        except TypeError:
            raise InputError(
                f"column {field.column!r} holds {type(value).__name__}, but field {field.name!r} "
                "takes several values a row: pass a list of texts or numbers, or text"
            ) from None
        indices.extend([index for index in found if index != MISSING] or [MISSING])
    return np.asarray(indices, dtype=np.int64), np.asarray(starts, dtype=np.int64)


def encode_numeric(field: Field, values: Sequence[Any], table: Table) -> npt.NDArray[np.int64]:
    """Bucket indices [B]: 0 where missing, else 1 + the number of boundaries <= value.

    Raises:
        InputError: a row holds a list.
    """
    number_B = numbers(field.column, values)
    bucket_B = np.searchsorted(np.asarray(table.boundaries), number_B, side="right") + 1
    return np.where(np.isnan(number_B), MISSING, bucket_B).astype(np.int64)


def numbers(column: str, values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Values as float64 [B]; NaN where missing, infinite or no number, as ingestion has it.

    Raises:
        InputError: a row holds a list.
    """
    try:
        number_B = np.fromiter((_number(value) for value in values), dtype=np.float64)
    except TypeError:
        raise InputError(
            f"column {column!r} holds lists; expected numbers, or nothing where it is unknown"
        ) from None
    return np.where(np.isfinite(number_B), number_B, np.nan)


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        text = canonical(value)
        try:
            plain = text.isascii() and text.isprintable() and "_" not in text
            return float(text) if plain else np.nan
        except ValueError:
            return np.nan
    return np.nan if _is_missing(value) else float(value)


def _parts(field: Field, value: Any) -> Iterable[Any]:
    if isinstance(value, bytes):
        value = canonical(value)
    if isinstance(value, str):
        return value.split(field.separator)
    return () if value is None or _is_missing(value) else iter(value)


def _is_missing(value: Any) -> bool:
    """None, NaN, and pandas' NA and NaT (by name: pandas needn't be installed)."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))
