"""Which fields the network reads, and the embedding tables that they look up."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pydantic

from lt4rec_core.artifact import parse_object
from lt4rec_core.errors import ArtifactError

FORMAT = 1


@dataclass(frozen=True)
class FieldMap:
    """One input field: the raw column it reads and the table it looks up."""

    name: str
    column: str
    values: Literal["single", "multi"]
    table: str
    kind: Literal["categorical", "numeric"]


@dataclass(frozen=True)
class TableMap:
    """One embedding table.

    Attributes:
        name: its name.
        kind: "categorical" or "numeric".
        size: rows of the table, reserved ones included. Categorical: 0 is a missing
            value, 1..oov_buckets are unseen ids, then follow the ids of the vocabulary.
            Numeric: 0 is a missing value, then follow len(boundaries) + 1 buckets.
        oov_buckets: hash buckets of unseen ids; 0 for a numeric table.
        boundaries: where a numeric column is cut, strictly rising.
        vocabulary_digest: SHA-256 (hex) of the vocabulary's ids in order; two tables of
            one size but other ids are thereby told apart.
    """

    name: str
    kind: Literal["categorical", "numeric"]
    size: int
    oov_buckets: int = 0
    boundaries: tuple[float, ...] = ()
    vocabulary_digest: str = ""


@dataclass(frozen=True)
class FeatureMap:
    """All fields and tables, in the order of the configuration."""

    fields: tuple[FieldMap, ...]
    tables: tuple[TableMap, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the map; networks trained on another map don't fit."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def table(self, name: str) -> TableMap:
        """Returns the table of that name; raises KeyError where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    def to_json(self) -> str:
        """Returns the map as JSON text, the same text for the same map."""
        content = {"format": FORMAT, **dataclasses.asdict(self)}
        return json.dumps(content, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> FeatureMap:
        """Inverts `to_json`.

        Raises:
            ArtifactError: the text isn't a feature map of this format.
        """
        try:
            content = parse_object(text)
            if content.pop("format") != FORMAT:
                raise ArtifactError(f"a feature map of another format; expected {FORMAT}")
            features = _ADAPTER.validate_python(content)
            _refuse_unfit(features)
            return features
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise ArtifactError(f"features.json isn't a feature map: {error}") from None


def _refuse_unfit(features: FeatureMap) -> None:
    """Raises ValueError where fields and tables contradict each other."""
    tables = [table.name for table in features.tables]
    if len(set(tables)) < len(tables) or {field.table for field in features.fields} != set(tables):
        raise ValueError("its fields look up other tables than it lists")
    for table in features.tables:
        cuts = table.boundaries
        if list(cuts) != sorted(set(cuts)) or not all(map(math.isfinite, cuts)):
            raise ValueError(f"the boundaries of table {table.name!r} don't rise strictly")
        reserved = 1 + table.oov_buckets if table.kind == "categorical" else len(cuts) + 2
        ids = table.size - reserved
        if min(table.oov_buckets, ids) < 0 or (ids and table.kind == "numeric"):
            raise ValueError(f"table {table.name!r} has {table.size} rows, {reserved} are reserved")


_ADAPTER = pydantic.TypeAdapter(FeatureMap)
