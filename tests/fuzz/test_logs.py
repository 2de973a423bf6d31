"""Readers of raw logs take any bytes: they read them, or say what is wrong with the file."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import polars as pl
import pytest
import zstandard

from lt4rec_core.config import S3
from lt4rec_core.data.objects import open_location
from lt4rec_core.data.sources.example import decode
from lt4rec_core.data.sources.example_frame import frame_of
from lt4rec_core.data.sources.files import explained, locate, scan
from lt4rec_core.data.sources.records import masked_crc32c, records
from lt4rec_core.errors import InputError

ROWS = pl.DataFrame(
    {
        "user_id": ["u1", "u2", "ü3", "", "u5", "u6"],
        "item_id": [1, 2, 3, 4, 5, 6],
        "tags": [["a", "b"], [], ["c"], ["d,e"], ["f"], ['"']],
        "time": [1_767_225_600_000 + hour for hour in range(6)],
        "length": [1.5, None, 0.0, 1e9, -1.0, 7.25],
    }
)
COLUMNS = ("user_id", "item_id", "tags", "time", "length")


def text(kind: str, rows: pl.DataFrame = ROWS) -> bytes:
    if kind == "csv":
        return rows.with_columns(pl.col("tags").list.join(",")).write_csv().encode()
    return rows.write_ndjson().encode()


def parquet(rows: pl.DataFrame = ROWS, compression: str = "zstd") -> bytes:
    target = io.BytesIO()
    rows.write_parquet(target, compression=compression, row_group_size=3)
    return target.getvalue()


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def example(words: int) -> bytes:
    texts = field(1, b"".join(field(1, b"word" * (n + 1)) for n in range(words)))
    floats = field(2, field(1, struct.pack("<2f", 0.5, 1.0)))
    whole = field(3, field(1, varint(1) + varint(1 << 63)))
    entries = {b"tags": texts, b"cvrlabel": floats, b"label": whole}
    return field(1, b"".join(field(1, field(1, k) + field(2, v)) for k, v in entries.items()))


def framed(record: bytes) -> bytes:
    size = struct.pack("<Q", len(record))
    checks = [struct.pack("<I", masked_crc32c(part)) for part in (size, record)]
    return size + checks[0] + record + checks[1]


def decode_or_refuse(record: bytes) -> None:
    """The source counts what isn't an Example as an unparsable row, and says how many."""
    frame, _ = frame_of(["a", "b"], [record, EXAMPLES[3]], ["tags"], ["cvrlabel", "label"])
    assert frame["row_id"].to_list() == ["a", "b"]
    assert frame["text.tags"][1].to_list() == ["word" * (n + 1) for n in range(3)]
    try:
        decode(record, None)
    except ValueError as error:
        raise InputError(str(error)) from error


EXAMPLES = [example(words) for words in range(4)]
TFRECORDS = [b"".join(map(framed, EXAMPLES)), framed(b""), framed(EXAMPLES[2])]

LOGS: dict[str, list[bytes]] = {
    "p.csv": [text("csv"), text("csv", ROWS.head(1))],
    "p.csv.gz": [gzip.compress(text("csv")), gzip.compress(text("csv", ROWS.head(1)))],
    "p.csv.zst": [zstandard.compress(text("csv")), zstandard.compress(text("csv", ROWS.head(1)))],
    "p.jsonl": [text("jsonl"), text("jsonl", ROWS.head(1))],
    "p.jsonl.gz": [gzip.compress(text("jsonl")), gzip.compress(text("jsonl", ROWS.head(1)))],
    "p.parquet": [parquet(), parquet(ROWS.head(1)), parquet(compression="uncompressed")],
}
PAGES = LOGS["p.parquet"][2]
FOOTER_BYTES = int.from_bytes(PAGES[-8:-4], "little") + 8


def read_log(path: Path, name: str) -> None:
    mutant = path.rename(path.with_name(name))
    place = open_location(str(mutant), S3())
    files = locate(place, place.entries(), path.parent)
    frame = scan(files, COLUMNS, {"tags": ","})
    with explained(files):
        frame.collect(engine="streaming")


@pytest.mark.parametrize("name", LOGS)
def test_a_log_file_is_read_or_refused(fuzz, name):
    fuzz(name, LOGS[name], lambda path: read_log(path, name))


def test_parquet_pages_are_read_or_refused(fuzz):
    # Under a footer that is whole: without it every second mutant is refused before its pages.
    def read(path):
        data = path.read_bytes()[:-FOOTER_BYTES].ljust(len(PAGES) - FOOTER_BYTES, b"\0")
        path.write_bytes(data[: len(PAGES) - FOOTER_BYTES] + PAGES[-FOOTER_BYTES:])
        read_log(path, "p.parquet")

    fuzz("parquet pages", [PAGES], read)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_tfrecord_file_is_read_or_refused(fuzz, zipped):
    def read(path):
        for record in records(path, "file"):
            decode_or_refuse(record)

    files = [gzip.compress(file) for file in TFRECORDS] if zipped else TFRECORDS
    fuzz("tfrecord.gz" if zipped else "tfrecord", files, read)


def test_an_example_is_decoded_or_refused(fuzz):
    # Framed anew: the checksum would refuse every mutant before it's decoded.
    def read(path):
        path.write_bytes(framed(path.read_bytes()))
        [record] = records(path, "file")
        decode_or_refuse(record)

    fuzz("example", EXAMPLES, read)
