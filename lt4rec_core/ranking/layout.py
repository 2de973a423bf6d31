"""What a ranking model's folder says about itself: `ranking.json`.

    ranking.json            this layout and the SHA-256 of every other file
    model.safetensors       embeddings.weight [rows, D], shared by all heads, and
                            head.<task>.<i>.weight [out, in] / .bias [out], already masked
    vocabulary/<table>.json ids of a categorical table, in the order of their indices

This package is copied into the registered model and runs without the rest of the
project: it imports numpy, safetensors and the standard library only.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from dataclasses import dataclass
from typing import Any

from lt4rec_core.errors import ArtifactError

FORMAT = 1
LAYOUT_FILE = "ranking.json"
WEIGHTS_FILE = "model.safetensors"
EMBEDDINGS = "embeddings.weight"


@dataclass(frozen=True)
class Field:
    """One input field: the raw column it reads and the table it looks up.

    `values` is "single" or "multi" (text is then cut at `separator`); `kind` is
    "categorical" or "numeric".
    """

    name: str
    column: str
    table: str
    values: str = "single"
    kind: str = "categorical"
    separator: str = ","


@dataclass(frozen=True)
class Table:
    """`size` rows of the stacked embeddings: reserved ones, then ids or numeric buckets."""

    name: str
    kind: str
    size: int
    oov_buckets: int = 0
    boundaries: tuple[float, ...] = ()


@dataclass(frozen=True)
class Length:
    """The video's length in seconds, raised to `exponent` in the rank score.

    `unknown` is taken where a length is missing or not above 0: the median of the
    training days.
    """

    exponent: float
    unknown: float
    column: str = "length"


@dataclass(frozen=True)
class RankingLayout:
    """Everything that scoring needs besides weights and ids.

    `length` is None where it doesn't enter the rank score (its exponent is 0, or no
    training row had one).
    """

    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    embedding_dim: int
    hidden: tuple[int, ...]
    crossing: str
    tasks: tuple[str, ...]
    exponents: dict[str, float]
    length: Length | None
    schema_digest: str = ""

    @property
    def rows(self) -> int:
        """Rows of `embeddings.weight`."""
        return sum(table.size for table in self.tables)

    @property
    def offsets(self) -> dict[str, int]:
        """First row of each table in `embeddings.weight`."""
        offsets, row = {}, 0
        for table in self.tables:
            offsets[table.name] = row
            row += table.size
        return offsets

    @property
    def inputs(self) -> int:
        """Size of the first layer's input: the crossing, then the fields' embeddings."""
        fields = len(self.fields)
        crossed = fields * fields if self.crossing == "full" else fields * (fields + 1) // 2
        return crossed + fields * self.embedding_dim

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor in `model.safetensors`."""
        shapes: dict[str, tuple[int, ...]] = {EMBEDDINGS: (self.rows, self.embedding_dim)}
        sizes = (self.inputs, *self.hidden, 1)
        for task in self.tasks:
            for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
                shapes[head(task, layer, "weight")] = (outputs, inputs)
                shapes[head(task, layer, "bias")] = (outputs,)
        return shapes

    def to_json(self, files: dict[str, str]) -> str:
        """Text of `ranking.json`; `files` holds the SHA-256 of each file beside it."""
        plain = {"format": FORMAT, "kind": "ranking", **dataclasses.asdict(self), "files": files}
        return json.dumps(plain, indent=1, sort_keys=True) + "\n"

    @staticmethod
    def from_json(text: str) -> tuple[RankingLayout, dict[str, str]]:
        """RankingLayout and file digests from the text of `ranking.json`.

        Raises:
            ArtifactError: the text isn't a ranking model's layout of a known format.
        """
        try:
            plain: dict[str, Any] = json.loads(text)
            if plain.pop("kind") != "ranking" or plain.pop("format") != FORMAT:
                raise ValueError(f"it isn't a ranking model of format {FORMAT}")
            files = dict(plain.pop("files"))
            plain["fields"] = tuple(Field(**field) for field in plain["fields"])
            plain["tables"] = tuple(
                Table(**{**table, "boundaries": tuple(table["boundaries"])})
                for table in plain["tables"]
            )
            plain["hidden"], plain["tasks"] = tuple(plain["hidden"]), tuple(plain["tasks"])
            plain["length"] = None if plain["length"] is None else Length(**plain["length"])
            return RankingLayout(**plain), files
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(
                f"{LAYOUT_FILE} can't be used ({error}); expected what this version of the "
                "project exports: export the model again"
            ) from error


def head(task: str, layer: int, part: str) -> str:
    """Name of a head's tensor; the last layer is the output."""
    return f"head.{task}.{layer}.{part}"


def vocabulary_file(table: str) -> str:
    """Path of a categorical table's ids, inside the model's folder."""
    return f"vocabulary/{table}.json"
