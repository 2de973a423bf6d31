from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic import generate
from lt4rec_core.tracking import SilentTracker

_TINY = {"days": 2, "rows_per_day": 600, "users": 60, "items": 50, "compression": "none"}


@pytest.fixture
def tiny() -> Callable[..., Synthetic]:
    """Settings of a world of a few hundred rows."""
    return lambda **changes: Synthetic(**{**_TINY, **changes})


@pytest.fixture
def logs(tmp_path: Path, tiny: Callable[..., Synthetic]) -> Callable[..., Path]:
    """Generates a tiny world, changed as asked, in a folder of the given name."""

    def make(name: str = "logs", **changes: object) -> Path:
        return generate(tiny(**changes), tmp_path / name, SilentTracker())

    return make


@pytest.fixture
def read(logs: Callable[..., Path]) -> Callable[..., pl.DataFrame]:
    """All rows of one stream of a tiny world."""

    def rows(stream: str, **changes: object) -> pl.DataFrame:
        folder = logs(str(len(changes)) + stream, **changes) / stream
        return pl.concat([pl.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))])

    return rows
