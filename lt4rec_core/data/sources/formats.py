"""The formats of log files: what columns a file has, and its rows as a lazy frame.

Rows that can't be parsed come out with every column null.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from lt4rec_core.artifact import parse_object
from lt4rec_core.errors import InputError

FORMATS = {".parquet": "parquet", ".csv": "csv"}
FORMATS |= dict.fromkeys((".jsonl", ".ndjson", ".json"), "json")
_SAMPLE_LINES = 1000
_OVERFLOW = "_overflow"
_LINE = "_line"


@dataclass(frozen=True)
class LogFile:
    """One file of a stream: what to call it, where polars reads it, its format, its path's day."""

    shown: str
    path: str
    kind: str
    day: str


def _parquet_header(file: LogFile) -> pl.Schema:
    return pl.scan_parquet(file.path, glob=False).collect_schema()


def _csv_header(file: LogFile) -> pl.Schema:
    first = pl.scan_csv(
        file.path,
        has_header=False,
        infer_schema=False,
        n_rows=1,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    ).collect()
    names = [str(value or "").strip() for value in first.row(0)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"{file.shown} has the column {repeated[0]!r} more than once")
    return pl.Schema(dict.fromkeys(names, pl.String()))


def _json_header(file: LogFile) -> pl.Schema:
    sample = pl.scan_lines(file.path, name=_LINE, n_rows=_SAMPLE_LINES, glob=False)
    names: dict[str, pl.DataType] = {}
    for line in sample.collect()[_LINE]:
        with contextlib.suppress(ValueError):
            for name, value in parse_object(line).items():
                many = isinstance(value, list) or isinstance(names.get(name), pl.List)
                names[name] = pl.List(pl.String()) if many else pl.String()
    return pl.Schema(names)


def _read_parquet(
    files: Sequence[LogFile], _schema: pl.Schema, columns: Sequence[str]
) -> pl.LazyFrame:
    paths = [file.path for file in files]
    frame = pl.scan_parquet(paths, hive_partitioning=False, glob=False)
    return frame.select(columns)


def _read_csv(files: Sequence[LogFile], schema: pl.Schema, columns: Sequence[str]) -> pl.LazyFrame:
    # One column more than the header has: what stands there belongs to a broken row.
    frame = pl.scan_csv(
        [file.path for file in files],
        has_header=False,
        skip_lines=1,
        schema={**schema, _OVERFLOW: pl.String()},
        missing_columns="insert",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    )
    blank = pl.all_horizontal(pl.col(name).is_null() for name in schema)
    whole = pl.col(_OVERFLOW).is_null()
    return frame.filter(~blank).select(pl.when(whole).then(pl.col(name)) for name in columns)


def _read_json(files: Sequence[LogFile], schema: pl.Schema, columns: Sequence[str]) -> pl.LazyFrame:
    lines = pl.scan_lines([file.path for file in files], name=_LINE, glob=False)
    shape = pl.Schema({name: schema[name] for name in columns})

    def decode(frame: pl.DataFrame) -> pl.DataFrame:
        return _decode(frame[_LINE], pl.Struct(shape)).struct.unnest()

    filled = lines.filter(pl.col(_LINE).str.strip_chars() != "")
    return filled.map_batches(decode, schema=shape, streamable=True)


def _decode(lines: pl.Series, shape: pl.Struct) -> pl.Series:
    """Decodes the lines; those that aren't JSON objects give nulls.

    The parser refuses a whole batch for one bad line, so that the batch is halved
    until the bad line is alone.
    """
    if len(lines) == 0:
        return pl.Series(lines.name, [], dtype=shape)
    try:
        return lines.str.json_decode(shape)
    except pl.exceptions.PolarsError:
        if len(lines) == 1:
            return pl.Series(lines.name, [None], dtype=shape)
        middle = len(lines) // 2
        return pl.concat([_decode(lines[:middle], shape), _decode(lines[middle:], shape)])


HEADERS = {"parquet": _parquet_header, "csv": _csv_header, "json": _json_header}
READERS = {"parquet": _read_parquet, "csv": _read_csv, "json": _read_json}
