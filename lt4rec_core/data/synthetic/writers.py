"""Appends frames to log files, the same bytes for the same frames.

A file's format and compression are in its name: `part-0000.parquet`,
`part-0000.csv.gz`, `part-0000.jsonl.zst`. In CSV, the values of a list are joined by
commas inside one quoted cell.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from lt4rec_core.config import Synthetic

_PARQUET_CODECS = {"none": "none", "gz": "gzip", "zst": "zstd"}
_STREAM_CODECS = {"none": None, "gz": "gzip", "zst": "zstd"}


class Writer(Protocol):
    """An open log file."""

    def append(self, frame: pl.DataFrame) -> None:
        """Adds the rows of `frame`, whose columns are the same at every call."""

    def close(self) -> None:
        """Completes the file."""


class Writers:
    """The open files of a day, by folder; all are closed at the end of the `with` block."""

    def __init__(self) -> None:
        self._open: dict[Path, Writer] = {}

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    def append(self, folder: Path, settings: Synthetic, frame: pl.DataFrame) -> None:
        """Adds rows to the file in `folder`, which is opened at the first call."""
        if folder not in self._open:
            self._open[folder] = _open_writer(folder, settings)
        self._open[folder].append(frame)


def _open_writer(folder: Path, settings: Synthetic) -> Writer:
    """Opens the first part file of `folder` in the format and compression of `settings`."""
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "" if settings.compression == "none" else f".{settings.compression}"
    if settings.format == "parquet":
        suffix = ""  # Parquet compresses inside
    path = folder / f"part-0000.{settings.format}{suffix}"
    return _OPEN[settings.format](path, settings.compression)


class _Parquet:
    def __init__(self, path: Path, compression: str) -> None:
        self._path = path
        self._codec = _PARQUET_CODECS[compression]
        self._writer: Any = None

    def append(self, frame: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = frame.to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression=self._codec)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Text:
    def __init__(self, path: Path, compression: str) -> None:
        import pyarrow as pa

        # pyarrow's gzip header carries neither a name nor a time.
        self._file = pa.output_stream(str(path), compression=_STREAM_CODECS[compression])
        self._started = False

    def append(self, frame: pl.DataFrame) -> None:
        self._file.write(self._encode(frame, header=not self._started))
        self._started = True

    def close(self) -> None:
        self._file.close()

    def _encode(self, frame: pl.DataFrame, header: bool) -> bytes:
        raise NotImplementedError


class _Csv(_Text):
    def _encode(self, frame: pl.DataFrame, header: bool) -> bytes:
        joined = frame.with_columns(
            pl.col(name).list.join(",") for name, kind in frame.schema.items() if kind == pl.List
        )
        return joined.write_csv(include_header=header).encode()


class _JsonLines(_Text):
    def _encode(self, frame: pl.DataFrame, header: bool) -> bytes:  # noqa: ARG002
        return frame.write_ndjson().encode()


_OPEN: dict[str, Callable[[Path, str], Writer]] = {
    "parquet": _Parquet,
    "csv": _Csv,
    "jsonl": _JsonLines,
}
