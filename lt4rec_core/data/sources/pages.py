"""Whether a Parquet file's pages are what its footer says: a look at their headers alone.

Polars believes a page that says how many values it has: of a negative number it makes 2^61
bytes to ask for, which ends the process with no error to catch. Sizes and numbers of values
are held against the file, the column and the row group before polars reads it. The data
between the headers isn't read: a header takes some tens of microseconds, and a page usually
holds tens of thousands of rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lt4rec_core.data.sources.thrift import CutOffError, Struct, read_struct
from lt4rec_core.errors import InputError

MOST_ROWS = 1 << 26
"""A row group with more rows, or values in a column, is refused; a million rows are usual."""
MOST_PAGE_BYTES = 1 << 28
"""A page of more bytes, uncompressed, is refused; a million are usual."""
MOST_COLUMN_BYTES = 1 << 31
"""More bytes, uncompressed, of one column in one row group are refused."""

MOST_FOOTER_BYTES = 1 << 25
"""A longer footer is refused; some kilobytes are usual."""

_HEADER_BYTES, _MOST_HEADER_BYTES = 256, 1 << 20
# Fields by their numbers in Parquet's own description of its format: of FileMetaData,
_ALL_ROWS, _ROW_GROUPS = 3, 4
# of RowGroup, of ColumnChunk,
_COLUMNS, _GROUP_ROWS, _COLUMN = 1, 3, 3
# and of ColumnMetaData; a dictionary's page comes before those with data.
_COLUMN_VALUES, _BYTES, _FIRST_DATA, _FIRST_DICTIONARY = 5, 7, 9, 11
# The field of PageHeader that describes the page, by its kind.
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3
_DESCRIPTION = {_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}


@dataclass(frozen=True)
class _Page:
    kind: int
    values: int
    uncompressed: int
    end: int


def check_pages(path: Path, shown: str) -> None:
    """Looks through a Parquet file's footer and page headers.

    Raises:
        InputError: the file can't be read, or its parts contradict each other.
    """
    try:
        with path.open("rb") as opened:
            file = opened.fileno()
            size = os.fstat(file).st_size
            footer = _footer(file, size)
            rows = 0
            for group in _structs(footer, _ROW_GROUPS):
                rows += _within("rows of a row group", _number(group, _GROUP_ROWS), MOST_ROWS)
                for column in _structs(group, _COLUMNS):
                    _check_column(file, size, _struct(column, _COLUMN))
            if rows != _number(footer, _ALL_ROWS):
                raise ValueError(f"its row groups have {rows} rows, its footer says otherwise")
    except (ValueError, OSError) as error:
        raise InputError(
            f"{shown} can't be read ({error}): it is truncated, damaged or not what its name "
            "says; write or transfer it again"
        ) from error


def _footer(file: int, size: int) -> Struct:
    end = os.pread(file, 8, max(0, size - 8))
    if end[4:] != b"PAR1":
        raise ValueError("it doesn't end as Parquet files do")
    length = int.from_bytes(end[:4], "little")
    _within("bytes of the footer", length, min(size - 8, MOST_FOOTER_BYTES))
    return read_struct(os.pread(file, length, size - 8 - length))[0]


def _check_column(file: int, size: int, column: Struct) -> None:
    start = _number(column, _FIRST_DICTIONARY if _FIRST_DICTIONARY in column else _FIRST_DATA)
    _within("where a column begins", start, size)
    length = _within("bytes of a column", _number(column, _BYTES), size - start)
    expected = _within("values of a column", _number(column, _COLUMN_VALUES), MOST_ROWS)
    values = held = 0
    for page in _pages(file, start, start + length):
        held += page.uncompressed
        _within("bytes of a column, uncompressed", held, MOST_COLUMN_BYTES)
        if page.kind != _DICTIONARY:
            values += page.values
    if values != expected:
        raise ValueError(f"a column's pages have {values} values, its footer says {expected}")


def _pages(file: int, place: int, end: int) -> Iterator[_Page]:
    while place < end:
        page = _page(file, place, end)
        yield page
        place = page.end


def _page(file: int, place: int, end: int) -> _Page:
    header, taken = _header(file, place, end)
    kind, uncompressed, compressed = (_number(header, field) for field in (1, 2, 3))
    place += taken
    _within("bytes of a page, uncompressed", uncompressed, MOST_PAGE_BYTES)
    _within("bytes of a page", compressed, end - place)
    if kind not in _DESCRIPTION:
        raise ValueError(f"a page is of the unknown kind {kind}")
    description = _struct(header, _DESCRIPTION[kind])
    values = _within("values of a page", _number(description, 1), MOST_ROWS)
    if kind == _DICTIONARY:
        _within("values of a dictionary", values, uncompressed)
    if kind == _DATA_V2:
        _within("nulls of a page", _number(description, 2), values)
        _within("rows of a page", _number(description, 3), values)
        levels = [_within("bytes of levels", _number(description, f), compressed) for f in (5, 6)]
        _within("bytes of levels", sum(levels), min(compressed, uncompressed))
    return _Page(kind, values, uncompressed, place + compressed)


def _header(file: int, place: int, end: int) -> tuple[Struct, int]:
    """The header at a place, and its length; most are short, statistics may make them long."""
    length = _HEADER_BYTES
    while True:
        data = os.pread(file, min(length, end - place), place)
        try:
            return read_struct(data)
        except CutOffError:
            if len(data) < length or length >= _MOST_HEADER_BYTES:
                raise
            length *= 16


def _number(struct: Struct, field: int) -> int:
    value = struct.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"a header lacks the number {field}")
    return value


def _struct(struct: Struct, field: int) -> Struct:
    value = struct.get(field)
    if not isinstance(value, dict):
        raise ValueError(f"a header lacks the part {field}")
    return value


def _structs(struct: Struct, field: int) -> list[Struct]:
    value = struct.get(field)
    if value == 0:
        return []
    if not isinstance(value, list):
        raise ValueError(f"a header lacks the parts {field}")
    return value


def _within(what: str, value: int, most: int) -> int:
    if not 0 <= value <= most:
        raise ValueError(f"{what}: {value:,}, where 0 to {most:,} are possible")
    return value
