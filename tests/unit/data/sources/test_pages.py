"""A Parquet file whose parts contradict each other is refused before polars believes it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from lt4rec_core.data.sources import pages
from lt4rec_core.data.sources.pages import check_pages
from lt4rec_core.errors import InputError

ROWS = pa.table({"a": [1, 2, 3, None], "b": [["x"], [], ["y", "z"], None]})
# Where a data page's header says how many values it has: kind, two sizes, its description.
VALUES_AT = 8


def written(**options) -> bytes:
    target = io.BytesIO()
    parquet.write_table(ROWS, target, row_group_size=2, **{"compression": "none", **options})
    return target.getvalue()


def check(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(data)
    check_pages(path, "the log p.parquet")


def with_byte(data: bytes, place: int, value: int) -> bytes:
    return data[:place] + bytes([value]) + data[place + 1 :]


def first_page(data: bytes) -> int:
    return parquet.read_metadata(io.BytesIO(data)).row_group(0).column(0).data_page_offset


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zstd"},
        {"use_dictionary": False},
        {"data_page_version": "2.0", "compression": "snappy"},
        {"data_page_size": 1},
        {"write_page_index": True, "write_page_checksum": True},
    ],
)
def test_what_writers_write_passes(tmp_path, options):
    check(tmp_path, written(**options))


def test_what_polars_writes_passes_without_rows_too(tmp_path):
    rows = pl.from_arrow(ROWS)
    for frame in (rows, rows.clear()):
        target = io.BytesIO()
        frame.write_parquet(target)
        check(tmp_path, target.getvalue())


def test_statistics_may_be_longer_than_most(tmp_path):
    wide = pa.table({"a": ["x" * 9_000]})
    target = io.BytesIO()
    parquet.write_table(wide, target, compression="none", use_dictionary=False)
    check(tmp_path, target.getvalue())


@pytest.mark.parametrize(("value", "seen"), [(1, "-1"), (5, "-3"), (127, "-64")])
def test_a_page_with_less_than_no_values_is_refused(tmp_path, value, seen):
    # One bit flipped makes a negative number of it, and polars asks for 2^61 bytes.
    data = written()
    place = first_page(data) + VALUES_AT
    assert data[place] == 4  # two values
    with pytest.raises(InputError, match=rf"the log p\.parquet can't be read.*page: {seen}, where"):
        check(tmp_path, with_byte(data, place, value))


def test_a_page_with_more_values_than_its_column_is_refused(tmp_path):
    data = written()
    place = first_page(data) + VALUES_AT
    with pytest.raises(InputError, match="pages have 3 values, its footer says 2"):
        check(tmp_path, with_byte(data, place, 6))


def test_a_page_larger_than_its_column_is_refused(tmp_path):
    data = written()
    place = first_page(data) + 5  # the size in the file
    with pytest.raises(InputError, match="bytes of a page: 63, where 0 to"):
        check(tmp_path, with_byte(data, place, 126))


@pytest.mark.parametrize(
    ("bound", "what"),
    [
        ("MOST_ROWS", "rows of a row group"),
        ("MOST_PAGE_BYTES", "bytes of a page, uncompressed"),
        ("MOST_COLUMN_BYTES", "bytes of a column, uncompressed"),
    ],
)
def test_what_would_take_too_much_memory_is_refused(tmp_path, monkeypatch, bound, what):
    monkeypatch.setattr(pages, bound, 1)
    with pytest.raises(InputError, match=f"{what}: .* where 0 to 1 are possible"):
        check(tmp_path, written())


def test_a_bit_flipped_anywhere_passes_or_is_said(tmp_path):
    data = written(data_page_version="2.0")
    refused = 0
    for place in range(len(data)):
        try:
            check(tmp_path, with_byte(data, place, data[place] ^ 1))
        except InputError as error:
            assert re.match(r"the log p\.parquet can't be read \(.+\): it is truncated", str(error))
            refused += 1
    assert 0 < refused < len(data)


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1\0\0\0\0PAR1", b"text" * 9])
def test_what_is_no_parquet_is_named(tmp_path, data):
    with pytest.raises(InputError, match=r"the log p\.parquet can't be read"):
        check(tmp_path, data)
