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
import math
from dataclasses import dataclass

from lt4rec_core.artifact import parse_object, sealed, unsealed
from lt4rec_core.errors import ArtifactError

FORMAT = 2
LAYOUT_FILE = "ranking.json"
WEIGHTS_FILE = "model.safetensors"
EMBEDDINGS = "embeddings.weight"
_MOST_ROWS = 1 << 40


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
    training row had one). `widths` are a head's hidden layers where they are narrower than
    `hidden`; `kept` are the inputs that some head reads, where they aren't all.
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
    widths: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    kept: tuple[int, ...] = ()

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
    def crossings(self) -> int:
        """Number of products of two fields."""
        fields = len(self.fields)
        return fields * fields if self.crossing == "full" else fields * (fields + 1) // 2

    @property
    def inputs(self) -> int:
        """Size of the first layer's input: the crossing, then the fields' embeddings."""
        return self.crossings + len(self.fields) * self.embedding_dim

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor in `model.safetensors`."""
        shapes: dict[str, tuple[int, ...]] = {EMBEDDINGS: (self.rows, self.embedding_dim)}
        for task in self.tasks:
            sizes = (len(self.kept) or self.inputs, *self.widths.get(task, self.hidden), 1)
            for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
                shapes[head(task, layer, "weight")] = (outputs, inputs)
                shapes[head(task, layer, "bias")] = (outputs,)
        return shapes

    def to_json(self, files: dict[str, str]) -> str:
        """Text of `ranking.json`; `files` holds the SHA-256 of each file beside it."""
        plain = {"format": FORMAT, "kind": "ranking", **dataclasses.asdict(self), "files": files}
        return json.dumps(sealed(plain), indent=1, sort_keys=True) + "\n"

    @staticmethod
    def from_json(text: str | bytes) -> tuple[RankingLayout, dict[str, str]]:
        """RankingLayout and file digests from the text of `ranking.json`.

        Raises:
            ArtifactError: the text isn't a ranking model's layout of a known format.
        """
        try:
            plain = parse_object(text)
            if (plain["kind"], plain["format"]) != ("ranking", FORMAT):
                raise ValueError(f"it isn't a ranking model of format {FORMAT}")
            plain = unsealed(plain)
            del plain["kind"], plain["format"]
            files = dict(plain.pop("files"))
            plain["fields"] = tuple(Field(**field) for field in plain["fields"])
            plain["tables"] = tuple(
                Table(**{**table, "boundaries": tuple(table["boundaries"])})
                for table in plain["tables"]
            )
            plain["hidden"], plain["tasks"] = tuple(plain["hidden"]), tuple(plain["tasks"])
            widths = plain.get("widths", {})
            plain["widths"] = {task: tuple(width) for task, width in widths.items()}
            plain["kept"] = tuple(plain.get("kept", ()))
            plain["length"] = None if plain["length"] is None else Length(**plain["length"])
            layout = RankingLayout(**plain)
            _refuse_unfit(layout, files)
            return layout, files
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ArtifactError(
                f"{LAYOUT_FILE} can't be used ({error}); expected what this version of the "
                "project exports: export the model again"
            ) from error


def _refuse_unfit(layout: RankingLayout, files: dict[str, str]) -> None:
    """Raises ValueError or TypeError where the parts aren't what they must be."""
    fields, tables = layout.fields, layout.tables
    texts = [v for f in fields for v in dataclasses.astuple(f)]
    texts += [*layout.tasks, layout.crossing, layout.schema_digest]
    texts += [text for table in tables for text in (table.name, table.kind)]
    counts = [n for table in tables for n in (table.size, table.oov_buckets)]
    counts += [*layout.hidden, layout.embedding_dim, *layout.kept]
    counts += [neurons for width in layout.widths.values() for neurons in width]
    numbers = [*layout.exponents.values(), *(cut for t in tables for cut in t.boundaries)]
    if layout.length is not None:
        texts.append(layout.length.column)
        numbers += [layout.length.exponent, layout.length.unknown]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name isn't a text")
    if not all(type(count) is int and 0 <= count < _MOST_ROWS for count in counts):
        raise ValueError("a size isn't a number of rows")
    if not all(type(n) in (int, float) and math.isfinite(n) for n in numbers):
        raise ValueError("an exponent or boundary isn't a finite number")
    if any(len(width) != len(layout.hidden) for width in layout.widths.values()):
        raise ValueError("a head hasn't as many layers as the network")
    kept = layout.kept
    if max(kept, default=-1) >= layout.inputs or len(set(kept)) < len(kept):
        raise ValueError("its heads read inputs that there aren't")
    kinds = {table.name: table.kind for table in tables}
    if len(kinds) < len(tables) or any(kinds.get(f.table) != f.kind for f in fields):
        raise ValueError("its fields look up other tables than it lists")
    if not (fields and layout.tasks and layout.embedding_dim):
        raise ValueError("it has no fields, tasks or embeddings")
    if len(set(layout.tasks)) < len(layout.tasks):
        raise ValueError("it names a task twice")
    if any(t.oov_buckets < 1 for t in tables if t.kind == "categorical"):
        raise ValueError("a categorical table has no buckets for unknown ids")
    if any(not f.separator for f in fields if f.values == "multi"):
        raise ValueError("a multi-valued field has no separator")
    listed = {WEIGHTS_FILE, *(vocabulary_file(n) for n, k in kinds.items() if k == "categorical")}
    if set(files) != listed:
        raise ValueError(f"it gives digests of {sorted(files)}, expected {sorted(listed)}")


def head(task: str, layer: int, part: str) -> str:
    """Name of a head's tensor; the last layer is the output."""
    return f"head.{task}.{layer}.{part}"


def vocabulary_file(table: str) -> str:
    """Path of a categorical table's ids, inside the model's folder."""
    return f"vocabulary/{table}.json"
