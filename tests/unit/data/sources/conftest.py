"""Builders of tiny logs."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from lt4rec_core.config import Events, Ingest
from lt4rec_core.data.sources import SOURCES, Columns

Rows = list[dict[str, Any]]


def at(moment: str) -> int:
    """Epoch milliseconds of `2026-01-01 10:00:00`, UTC."""
    return int(dt.datetime.fromisoformat(moment + "+00:00").timestamp() * 1000)


def impression(name: str, moment: str, **changed: Any) -> dict[str, Any]:
    row = {
        "impression_id": name,
        "user_id": "u1",
        "item_id": f"v-{name}",
        "request_id": "r1",
        "timestamp": at(moment),
        "duration_ms": 10_000,
        "tab": "1",
        "tags": "a,b",
    }
    return {**row, **changed}


def happened(name: str, moment: str, **changed: Any) -> dict[str, Any]:
    keys = {"impression_id": name, "user_id": "u1", "item_id": f"v-{name}", "request_id": "r1"}
    return {**keys, "timestamp": at(moment), **changed}


def played(name: str, moment: str, milliseconds: Any, **changed: Any) -> dict[str, Any]:
    return {**happened(name, moment), "play_time_ms": milliseconds, **changed}


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def write_rows(path: Path, rows: Rows) -> Path:
    """Writes rows in the format that the file's name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    plain = path.name.removesuffix(".gz").removesuffix(".zst")
    if plain.endswith(".parquet"):
        frame.write_parquet(path)
        return path
    data = frame.write_csv() if plain.endswith(".csv") else frame.write_ndjson()
    packed = data.encode()
    if path.name.endswith(".gz"):
        packed = gzip.compress(packed)
    if path.name.endswith(".zst"):
        packed = zstd(packed)
    path.write_bytes(packed)
    return path


class Log:
    """A folder with three streams."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, stream: str, rows: Rows, name: str = "part.parquet") -> Path:
        return write_rows(self.root / stream / name, rows)

    def fill(
        self,
        impressions: Rows,
        clicks: Rows = (),  # type: ignore[assignment]
        plays: Rows = (),  # type: ignore[assignment]
        name: str = "part.parquet",
    ) -> None:
        """Writes all streams; a stream without rows gets one far from every day."""
        far = "2001-01-01 00:00:00"
        self.write("impressions", impressions, name)
        self.write("clicks", list(clicks) or [happened("far", far)], name)
        self.write("plays", list(plays) or [played("far", far, 1)], name)

    def read(
        self,
        *days: str,
        columns: Columns | None = None,
        ingest: Mapping[str, Any] | None = None,
        **events: Any,
    ) -> list[tuple[pl.DataFrame, dict[str, int], dict[str, int]]]:
        settings = Ingest(
            **{"max_unparsable_share": 1.0, **(ingest or {})}, events=Events(**events)
        )
        wanted = columns or Columns(single=("tab",), multi={"tags": ","})
        found = SOURCES["events"].read(str(self.root), settings, wanted, days)
        return [
            (
                day.frame.collect(),
                day.read,
                day.dropped | {f"{name}.undated": rows for name, rows in day.undated.items()},
            )
            for day in found
        ]

    def days(self, **ingest: Any) -> tuple[str, ...]:
        return SOURCES["events"].days(str(self.root), Ingest(**ingest))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log")


@pytest.fixture
def build() -> Callable[..., Any]:
    """Gives the builders to tests: `build.impression(…)`, `build.played(…)`."""

    class Build:
        at = staticmethod(at)
        impression = staticmethod(impression)
        happened = staticmethod(happened)
        played = staticmethod(played)
        zstd = staticmethod(zstd)
        rows = staticmethod(write_rows)

    return Build  # type: ignore[return-value]


def by_item(frame: pl.DataFrame, column: str) -> dict[str, Any]:
    """A column by impression id."""
    return dict(frame.select("row_id", column).iter_rows())


@pytest.fixture
def column_of() -> Callable[[pl.DataFrame, str], dict[str, Any]]:
    return by_item
