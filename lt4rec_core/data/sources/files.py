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
from pathlib import Path
from typing import Any

import polars as pl

from lt4rec_core.data.atomic import is_disk_full
from lt4rec_core.data.objects import Entry, Location
from lt4rec_core.data.sources.canonical import as_text
from lt4rec_core.data.sources.formats import FORMATS, HEADERS, READERS, LogFile
from lt4rec_core.data.sources.lines import check_lines
from lt4rec_core.data.sources.pages import check_pages
from lt4rec_core.data.sources.partitions import path_day
from lt4rec_core.data.sources.wanted import missing_column
from lt4rec_core.errors import InputError, LT4RECError, StoreError

COMPRESSED = (".gz", ".zst")
PATH_DAY = "_path_day"


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
        frame = READERS[kind](paths, schema, columns)
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
    found = [HEADERS[file.kind](file) for file in files]
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
        schema = HEADERS[file.kind](file)
        frame = READERS[file.kind]([file], schema, list(schema))
        frame.select(pl.all().null_count()).collect(engine="streaming")
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(
            f"{file.shown} can't be read ({_first_line(error)}): it is truncated, damaged or "
            "not what its name says; write or transfer it again"
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300]
