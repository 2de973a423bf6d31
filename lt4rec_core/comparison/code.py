"""Which code an arm's result depends on, as a digest."""

from __future__ import annotations

import functools
import importlib.metadata
import sys
from pathlib import Path

import lt4rec_core
from lt4rec_core.config import digest
from lt4rec_core.data.atomic import sha256_file

CODE = (
    "comparison/arm.py",
    "comparison/baselines.py",
    "comparison/judging.py",
    "comparison/size.py",
    "comparison/training.py",
    "data/batch.py",
    "data/layout.py",
    "data/samples.py",
    "data/tensor_files.py",
    "metrics",
    "model",
    "pruning",
    "stages/joint_train.py",
    "stages/prune.py",
    "stages/single_task.py",
    "stages/warmup.py",
    "tasks",
    "training",
)
"""Files and folders below lt4rec_core.

A change of anything else (a report's wording, a source) leaves finished arms valid.
What the rows are is said by the dataset's digest, which settings hold by their own.
"""

_LIBRARIES = ("numpy", "polars", "scikit-learn", "torch")


@functools.cache
def code_digest() -> str:
    """Digest of the code of training and judging, and of the libraries they stand on."""
    root = Path(lt4rec_core.__file__).parent
    files = {str(path.relative_to(root)): sha256_file(path) for path in _files(root)}
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return digest(files, versions, sys.version_info[:2])


def _files(root: Path) -> list[Path]:
    places = [root / name for name in CODE]
    return [
        path
        for place in places
        for path in (sorted(place.rglob("*.py")) if place.is_dir() else [place])
    ]
