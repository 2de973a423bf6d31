"""Tensors in a folder, mapped into memory: a page is read when it's needed, and can be dropped.

One file a tensor, its numbers and nothing else, so that it can be written piece by piece
and mapped by torch itself.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy.typing as npt
import torch

from lt4rec_core.artifact import file_inside, read_object, sealed, unsealed
from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.errors import ArtifactError

FORMAT = 1
_RECORD = "tensors.json"
_TYPES = {
    "float32": torch.float32,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
}


def write_tensors(folder: Path, pieces: Iterable[Mapping[str, npt.NDArray[Any]]]) -> None:
    """Writes tensors of one dimension to the empty `folder`, each piece after the one before."""
    files: dict[str, BinaryIO] = {}
    tensors: dict[str, dict[str, str]] = {}
    with contextlib.ExitStack() as stack:
        for piece in pieces:
            for name, values in piece.items():
                if name not in files:  # a name may have any letters: it names no file
                    tensors[name] = {"file": f"{len(files)}.bin", "type": values.dtype.name}
                    path = folder / tensors[name]["file"]
                    files[name] = stack.enter_context(path.open("wb"))
                values.tofile(files[name])
    for about in tensors.values():
        about["sha256"] = sha256_file(folder / about["file"])
    record = sealed({"format": FORMAT, "kind": "tensors", "tensors": tensors})
    (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def map_tensors(folder: Path) -> dict[str, torch.Tensor]:
    """Maps the tensors in `folder`, by name; the files stay as they are, whatever is done to them.

    Raises:
        ArtifactError: a file is missing, or isn't what was written.
    """
    try:
        record = unsealed(read_object(folder, _RECORD))
        if (record["format"], record["kind"]) != (FORMAT, "tensors"):
            raise ValueError(f"it has another format than {FORMAT}")
        return {
            name: _map(file_inside(folder, about["file"]), _TYPES[about["type"]], about["sha256"])
            for name, about in record["tensors"].items()
        }
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ArtifactError(f"{folder / _RECORD} isn't a record of tensors: {error}") from None


def _map(path: Path, dtype: torch.dtype, sha256: str) -> torch.Tensor:
    if sha256_file(path) != sha256:
        raise ArtifactError(f"{path} was changed after it was written; remove it")
    numbers = path.stat().st_size // dtype.itemsize
    return torch.from_file(str(path), shared=False, size=numbers, dtype=dtype)
