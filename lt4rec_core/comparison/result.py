"""An arm's finished result: a folder with `result.json` and `predictions.parquet`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lt4rec_core.artifact import read_object
from lt4rec_core.data.atomic import folder_aside, sha256_file
from lt4rec_core.errors import ArtifactError

FORMAT = 1
_RESULT = "result.json"
_PREDICTIONS = "predictions.parquet"


@dataclass(frozen=True)
class Result:
    """What one arm came to with one seed; `record` is the content of `result.json`.

    A variant's result doesn't know its name: another one may have the same settings.
    """

    root: Path
    record: Mapping[str, Any]
    name: str = ""

    @property
    def arm(self) -> str:
        """Name of the arm or variant."""
        return self.name or str(self.record["arm"])

    @property
    def seed(self) -> int:
        """The seed it was trained with."""
        return int(self.record["seed"])

    def predictions(self) -> pl.DataFrame:
        """Reads the test rows: keys, labels, slices' columns and predictions."""
        return pl.read_parquet(self.root / _PREDICTIONS, glob=False)


def save_result(
    target: Path,
    record: Mapping[str, Any],
    rows: pl.DataFrame,
    folders: Mapping[str, Path] | None = None,
) -> Result:
    """Writes the folder `target`, whole or not at all.

    Args:
        target: the result's folder.
        record: plain JSON values; format and digest of the predictions are added.
        rows: see `Result.predictions`.
        folders: folders whose files are kept beside, by their new name.
    """
    with folder_aside(target) as folder:
        rows.write_parquet(folder / _PREDICTIONS, compression="zstd")
        whole = {"format": FORMAT, **record, "digest": sha256_file(folder / _PREDICTIONS)}
        text = json.dumps(whole, indent=1, allow_nan=False)
        (folder / _RESULT).write_text(text + "\n", encoding="utf-8")
        for name, source in (folders or {}).items():
            _copy(source, folder / name)
    return Result(target, whole)


def open_result(root: Path, name: str = "") -> Result:
    """Opens a finished result, of the variant `name` if it is one's.

    Raises:
        ArtifactError: the folder isn't a whole result.
    """
    try:
        record = read_object(root, _RESULT)
        seen = sha256_file(root / _PREDICTIONS)
        if (record["format"], record["digest"]) != (FORMAT, seen):
            raise ValueError(f"{_PREDICTIONS} isn't the one that {_RESULT} speaks of")
    except (OSError, ArtifactError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{root} isn't a whole result: {error}; train this arm anew") from error
    return Result(root, record, name)


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        if path.is_file():
            (target / path.name).write_bytes(path.read_bytes())
