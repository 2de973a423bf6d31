"""Scores raw rows: one look-up of the shared embeddings, then one folded head a task.

Shapes: B = rows, D = embedding size, R = rows of the stacked embeddings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from lt4rec_core.artifact import file_inside, parse_json, read_bytes
from lt4rec_core.errors import ArtifactError, InputError
from lt4rec_core.ranking.encode import (
    Lookup,
    encode_multi,
    encode_numeric,
    encode_single,
    numbers,
)
from lt4rec_core.ranking.heads import Heads, predict
from lt4rec_core.ranking.layout import (
    EMBEDDINGS,
    LAYOUT_FILE,
    WEIGHTS_FILE,
    Field,
    RankingLayout,
    vocabulary_file,
)
from lt4rec_core.ranking.look_up import look_up, look_up_mean

Float32 = npt.NDArray[np.float32]

RANK_SCORE = "rank_score"
_BATCH_ROWS = 4096


class Scorer:
    """A ranking model in memory; `load` it, then `score` raw rows."""

    def __init__(
        self,
        layout: RankingLayout,
        tensors: Mapping[str, Float32],
        ids: Mapping[str, Sequence[str]],
    ) -> None:
        self.layout = layout
        self._embedding_RD = tensors[EMBEDDINGS]
        self.heads = Heads.of(layout, tensors)
        self._tables = {table.name: table for table in layout.tables}
        self._lookups = {
            name: Lookup(ids[name], table.oov_buckets)
            for name, table in self._tables.items()
            if table.kind == "categorical"
        }

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Reads a model's folder.

        Raises:
            ArtifactError: a file is missing, isn't what `ranking.json` says (SHA-256),
                or a tensor's shape doesn't fit.
        """
        layout, files = RankingLayout.from_json(read_bytes(folder, LAYOUT_FILE))
        for name, expected in files.items():
            seen = sha256(file_inside(folder, name))
            if seen != expected:
                raise ArtifactError(
                    f"{folder / name} has digest {seen[:12]}, but {LAYOUT_FILE} says "
                    f"{expected[:12]}: the model was changed after its export; export it again"
                )
        try:
            tensors = load_file(file_inside(folder, WEIGHTS_FILE))
        except SafetensorError as error:
            raise ArtifactError(f"{folder / WEIGHTS_FILE} can't be read: {error}") from error
        check_shapes(layout, tensors)
        ids = {
            table.name: _ids(folder, vocabulary_file(table.name))
            for table in layout.tables
            if table.kind == "categorical"
        }
        check_sizes(layout, ids)
        return cls(layout, tensors, ids)

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that `score` needs."""
        names = [field.column for field in self.layout.fields]
        length = [] if self.layout.length is None else [self.layout.length.column]
        return tuple(dict.fromkeys([*names, *length]))

    def score(self, columns: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        """Returns `p<task>` (float32 [B]) for every task, and `rank_score` (float64 [B]).

        rank_score = prod_task p_task^alpha_task · length^gamma (paper, Eq. 4). A value
        may be text, a number, None or NaN; of a multi-valued field a list, or text cut
        at the field's separator.

        Args:
            columns: raw feature columns of equal length, by name (a dict of lists or
                arrays, or a data frame).

        Raises:
            InputError: a column is missing, columns differ in length, or a value has
                the wrong type.
        """
        given = self._take(columns)
        rows = len(next(iter(given.values())))
        parts = []
        for start in range(0, max(rows, 1), _BATCH_ROWS):
            batch = {name: values[start : start + _BATCH_ROWS] for name, values in given.items()}
            parts.append(self._score(batch))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _take(self, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
        absent = [name for name in self.columns if name not in columns]
        if absent:
            raise InputError(
                f"the model needs the columns {list(self.columns)}; {absent} are missing of "
                f"the given {sorted(str(name) for name in columns)}"
            )
        given = {name: _listed(columns[name]) for name in self.columns}
        rows = {name: len(values) for name, values in given.items()}
        if len(set(rows.values())) > 1:
            raise InputError(f"the columns differ in length ({rows}); expected one row an item")
        return given

    def _score(self, batch: Mapping[str, list[Any]]) -> dict[str, npt.NDArray[Any]]:
        rows = len(batch[self.columns[0]])
        found = [self._embed(field, batch[field.column]) for field in self.layout.fields]
        scores: dict[str, npt.NDArray[Any]] = {
            f"p{task}": values for task, values in predict(self.heads, found, rows).items()
        }
        rank_B = self._length_factor(batch, rows)
        for task in self.layout.tasks:
            exponent = self.layout.exponents.get(task, 0.0)
            if exponent:
                rank_B = rank_B * scores[f"p{task}"].astype(np.float64) ** exponent
        return {**scores, RANK_SCORE: rank_B}

    def _embed(self, field: Field, values: list[Any]) -> Float32:
        """Embeddings [B, D] of one field, or [1, D] where all rows agree."""
        table, offset = self._tables[field.table], self.layout.offsets[field.table]
        if field.kind == "numeric":
            return look_up(self._embedding_RD, offset + encode_numeric(field, values, table))
        lookup = self._lookups[field.table]
        if field.values == "single":
            return look_up(self._embedding_RD, offset + encode_single(field, values, lookup))
        index_N, start_B = encode_multi(field, values, lookup)
        return look_up_mean(self._embedding_RD, offset + index_N, start_B)

    def _length_factor(self, batch: Mapping[str, list[Any]], rows: int) -> npt.NDArray[np.float64]:
        length = self.layout.length
        if length is None:
            return np.ones(rows)
        second_B = numbers(length.column, batch[length.column])
        known_B = second_B > 0  # NaN isn't
        factor_B: npt.NDArray[np.float64] = (
            np.where(known_B, second_B, length.unknown) ** length.exponent
        )
        return factor_B


def check_shapes(layout: RankingLayout, tensors: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raises ArtifactError where a tensor is missing, unknown, or of another shape or type."""
    expected = layout.shapes
    for name in sorted(expected.keys() | tensors.keys()):
        if name in tensors and tensors[name].dtype != np.float32:
            raise ArtifactError(f"tensor {name!r} is of {tensors[name].dtype}, expected float32")
        if name in tensors and not np.isfinite(tensors[name]).all():
            raise ArtifactError(f"tensor {name!r} has values that aren't finite; train again")
        seen = tensors[name].shape if name in tensors else None
        if seen != expected.get(name):
            raise ArtifactError(
                f"tensor {name!r} has shape {seen}, expected {expected.get(name)} after "
                f"{LAYOUT_FILE}: weights and layout don't belong together; export the model again"
            )


def check_sizes(layout: RankingLayout, ids: Mapping[str, Sequence[str]]) -> None:
    """Raises ArtifactError where a table's ids don't fill its rows."""
    for table in layout.tables:
        if table.kind == "categorical":
            seen = 1 + table.oov_buckets + len(ids[table.name])
        else:
            seen = 2 + len(table.boundaries)
        if seen != table.size:
            raise ArtifactError(
                f"table {table.name!r} has {table.size} rows, but its ids or boundaries fill "
                f"{seen}: vocabulary and layout don't belong together; export the model again"
            )


def _listed(values: Any) -> list[Any]:
    for method in ("to_list", "tolist"):
        if hasattr(values, method):
            listed: list[Any] = getattr(values, method)()
            return listed
    return list(values)


def sha256(path: Path) -> str:
    """SHA-256 (hex) of a file; raises ArtifactError where it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(f"{path} can't be read: {error}") from error


def _ids(folder: Path, name: str) -> list[str]:
    try:
        ids = parse_json(read_bytes(folder, name))
    except ValueError as error:
        raise ArtifactError(f"{folder / name} can't be read: {error}") from error
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ArtifactError(f"{folder / name} isn't a list of ids; export the model again")
    return ids
