"""Log files as lazy frames of texts: Parquet, CSV and JSON Lines, plain, gz or zst.

Whatever a file's own types are, a wanted column comes out as text, as a list of
texts (where the file holds lists), or as the number, truth or time that it is in Parquet.
Rows that can't be parsed come out with every column null, so that they can be
counted with those whose keys are unusable.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lt4rec_core.artifact import parse_object
from lt4rec_core.data.atomic import is_disk_full
from lt4rec_core.data.objects import Entry, Location
from lt4rec_core.data.sources.canonical import as_text
from lt4rec_core.data.sources.lines import check_lines
from lt4rec_core.data.sources.pages import check_pages
from lt4rec_core.data.sources.partitions import path_day
from lt4rec_core.data.sources.wanted import missing_column
from lt4rec_core.errors import InputError, LT4RECError, StoreError

FORMATS = {".parquet": "parquet", ".csv": "csv"}
FORMATS |= dict.fromkeys((".jsonl", ".ndjson", ".json"), "json")
COMPRESSED = (".gz", ".zst")
SAMPLE_LINES = 1000
PATH_DAY = "_path_day"
_OVERFLOW = "_overflow"
_LINE = "_line"


@dataclass(frozen=True)
class LogFile:
    """One file of a stream: what to call it, where polars reads it, its format, its path's day."""

    shown: str
    path: str
    kind: str
    day: str


def kind_of(entry: Entry, shown: str) -> str:
    """The file's format by its name; raises InputError where the name says none."""
    name = entry.name
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    kind = FORMATS.get(Path(name).suffix)
    if kind is None or (kind == "parquet" and name != entry.name):
        raise InputError(
            f"{shown} isn't a log file: expected a name that ends in {', '.join(FORMATS)}, "
            "besides Parquet also with .gz or .zst; move it away or finish writing it"
        )
    return kind


def locate(location: Location, entries: Iterable[Entry], scratch: Path) -> tuple[LogFile, ...]:
    """Makes the entries readable: objects are fetched, and what would end polars is refused."""
    files = []
    for entry in entries:
        shown = location.show(entry)
        kind = kind_of(entry, shown)
        if entry.size == 0 and (kind != "json" or entry.name.endswith(COMPRESSED)):
            raise InputError(f"{shown} is empty (0 bytes); was its transfer cut off?")
        path = location.fetch(entry, scratch)
        if kind == "parquet":
            check_pages(path, shown)
        else:
            check_lines(path, shown, quoted=kind == "csv")
        files.append(LogFile(shown, str(path), kind, path_day(entry.name)))
    return tuple(files)


def scan(
    files: Sequence[LogFile],
    columns: Sequence[str],
    multi: Mapping[str, str] | None = None,
    strict: Collection[str] | None = None,
) -> pl.LazyFrame:
    """The wanted columns of all files, in the files' order, and `_path_day`.

    Args:
        files: at least one file.
        columns: wanted columns.
        multi: those of them that come out as lists, with the mark that cuts plain text.
        strict: where given, the only columns that a file may have.

    Raises:
        InputError: a file is broken, or lacks a column, or has one too many.
    """
    return pl.concat(scan_parts(files, columns, multi, strict))


def scan_parts(
    files: Sequence[LogFile],
    columns: Sequence[str],
    multi: Mapping[str, str] | None = None,
    strict: Collection[str] | None = None,
) -> list[pl.LazyFrame]:
    """The frames that `scan` is made of, in order: one for files of a day that are alike.

    Polars reads all parts of one frame at the same time, and holds something of each.
    """
    with explained(files):
        schemas = _schemas(files, columns)
    for file, schema in zip(files, schemas, strict=True):
        missing_column(file.shown, columns, schema, strict)
    marks = multi or {}
    for file, schema in zip(files, schemas, strict=True):
        _refuse_lists(file, schema, [name for name in columns if name not in marks])
    parts = []
    alike = itertools.groupby(
        zip(files, schemas, strict=True), key=lambda pair: (pair[0].kind, pair[0].day, pair[1])
    )
    for (kind, day, schema), group in alike:
        paths = [file for file, _ in group]
        frame = _READERS[kind](paths, schema, columns)
        frame = frame.select(
            *(_normal(name, schema[name], marks.get(name)) for name in columns),
            pl.lit(day).alias(PATH_DAY),
        )
        parts.append(frame)
    return _agreed(parts, columns)


def column_names(files: Sequence[LogFile]) -> frozenset[str]:
    """The columns that every one of the files has; raises InputError as `scan` does."""
    with explained(files):
        names = [frozenset(schema) for schema in _schemas(files, ())]
    return frozenset.intersection(*names)


def _agreed(parts: list[pl.LazyFrame], columns: Sequence[str]) -> list[pl.LazyFrame]:
    """Parts with one type per column: text wherever they differ (10 and "10" are one id).

    Times of several units or zones stay times.
    """
    schemas = [part.collect_schema() for part in parts]
    kinds = {name: {schema[name] for schema in schemas} for name in columns}
    mixed = [name for name in columns if len(kinds[name]) > 1]

    def agreed(name: str, dtype: pl.DataType) -> pl.Expr:
        column = pl.col(name)
        if all(isinstance(kind, pl.Datetime) for kind in kinds[name]):
            return column.dt.cast_time_unit("us").dt.convert_time_zone("UTC")
        return as_text(column, dtype)

    return [
        part.with_columns(agreed(name, schema[name]) for name in mixed)
        for part, schema in zip(parts, schemas, strict=True)
    ]


def _schemas(files: Sequence[LogFile], columns: Sequence[str]) -> list[pl.Schema]:
    found = [_HEADERS[file.kind](file) for file in files]
    # JSON Lines writers may leave null values out, so that a column counts as missing
    # only where no file of the whole day shows it in its first rows.
    for (kind, _), group in itertools.groupby(
        range(len(files)), key=lambda index: (files[index].kind, files[index].day)
    ):
        if kind != "json":
            continue
        indexes = list(group)
        seen: dict[str, Any] = {}
        for index in indexes:
            for name, dtype in found[index].items():
                seen[name] = pl.List(pl.String) if pl.List in (dtype, seen.get(name)) else dtype
        for index in indexes:
            if not found[index]:  # not a single readable row: nothing to compare
                found[index] = pl.Schema(dict.fromkeys(columns, pl.String()))
            found[index] = pl.Schema({**found[index], **seen})
    return found


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
    sample = pl.scan_lines(file.path, name=_LINE, n_rows=SAMPLE_LINES, glob=False)
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


def _refuse_lists(file: LogFile, schema: pl.Schema, singles: Iterable[str]) -> None:
    for name in singles:
        if isinstance(schema[name], pl.List | pl.Array | pl.Struct):
            raise InputError(
                f"{file.shown}: the column {name!r} holds {schema[name]}, one value is expected; "
                'declare its field with values = "multi", or mend the file'
            )


def _normal(name: str, dtype: pl.DataType, mark: str | None) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Array):  # lists that are all of one length
        column, dtype = column.arr.to_list(), pl.List(dtype.inner)
    if isinstance(dtype, pl.List):
        return column.list.eval(as_text(pl.element(), dtype.inner)).alias(name)
    if mark is not None:
        return as_text(column, dtype).str.split(mark).alias(name)
    if dtype.is_numeric() or isinstance(dtype, pl.Boolean | pl.Datetime):
        return column
    return as_text(column, dtype)


@contextlib.contextmanager
def explained(files: Sequence[LogFile]) -> Iterator[None]:
    """Turns whatever polars says about unreadable files into an InputError naming the file."""
    try:
        yield
    except LT4RECError:
        raise
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if is_disk_full(error):
            raise StoreError(f"no space left while reading logs: {error}") from error
        for file in files:
            _probe(file)
        names = ", ".join(file.shown for file in files[:3])
        raise InputError(f"{names} can't be read: {_first_line(error)}") from error


def _probe(file: LogFile) -> None:
    try:
        schema = _HEADERS[file.kind](file)
        frame = _READERS[file.kind]([file], schema, list(schema))
        frame.select(pl.all().null_count()).collect(engine="streaming")
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(
            f"{file.shown} can't be read ({_first_line(error)}): it is truncated, damaged or "
            "not what its name says; write or transfer it again"
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300]


_HEADERS = {"parquet": _parquet_header, "csv": _csv_header, "json": _json_header}
_READERS = {"parquet": _read_parquet, "csv": _read_csv, "json": _read_json}
