"""Decoding TFRecord files, against the package `tfrecord`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.environment import Peer, running
from benchmarks.interleave import interleaved, timed
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.data.sources.example_frame import frame_of
from lt4rec_core.data.sources.records import masked_crc32c, records

TFRECORD = Peer("tfrecord", ("tfrecord==1.14.6",), "tfrecord_package.py")
_TEXTS = [f"text_{number}" for number in range(12)]
_INTEGERS = [f"count_{number}" for number in range(8)]
_FLOATS = [f"share_{number}" for number in range(4)]
_CHUNK = 16_384


def decoding(bench: Bench) -> Iterator[Row]:
    """Yields records a second, checksums included."""
    path = write(bench.folder / "records", bench.size(50_000, 200))
    megabytes = path.stat().st_size / 1e6
    seconds = interleaved(bench, {"ours": timed(lambda: read(path), bench.clock)})["ours"]
    rate = bench.size(50_000, 200) / seconds
    yield row_of("tfrecord.rate", rate, "records/s", "", f"{megabytes:.0f} MB of 24 features")


def against_package(bench: Bench) -> Iterator[Row]:
    """Yields how many times as fast as the package we are, which checks no checksums."""
    path = write(bench.folder / "records", bench.size(50_000, 200))
    with running(TFRECORD, [str(path)], bench) as peer:
        seconds = interleaved(
            bench, {"ours": timed(lambda: read(path), bench.clock), "theirs": peer.turn}
        )
    ratio = seconds["theirs"] / seconds["ours"]
    yield row_of("tfrecord_peers.package", ratio, "×", ">= 5", "the package tfrecord 1.14.6")


def read(path: Path) -> None:
    """Decodes all features of all records into data frames, as the source `tfrecord` does."""
    held: list[bytes] = []
    for record in records(path, path.name):
        held.append(record)
        if len(held) == _CHUNK:
            _decode(held)
            held = []
    if held:
        _decode(held)


def _decode(held: list[bytes]) -> None:
    names = [str(number) for number in range(len(held))]
    frame_of(names, held, _TEXTS, [*_INTEGERS, *_FLOATS])


def write(path: Path, rows: int) -> Path:
    """Writes impressions of 24 features; a third of the texts are multi-valued."""
    rng = np.random.default_rng(0)
    ids = rng.integers(1_000_000, size=(rows, len(_TEXTS), 5))
    counts = np.where(np.arange(len(_TEXTS)) % 3 == 0, rng.integers(1, 6, (rows, 1)), 1)
    numbers = rng.integers(0, 100_000, (rows, len(_INTEGERS)))
    shares = rng.random((rows, len(_FLOATS)), dtype=np.float32)
    with path.open("wb") as file:
        for row in range(rows):
            features = {
                name: _field(
                    1, b"".join(_field(1, b"%d" % value) for value in ids[row, k, : counts[row, k]])
                )
                for k, name in enumerate(_TEXTS)
            }
            features |= {
                name: _field(3, _field(1, _varint(int(numbers[row, k]))))
                for k, name in enumerate(_INTEGERS)
            }
            features |= {
                name: _field(2, _field(1, struct.pack("<f", shares[row, k])))
                for k, name in enumerate(_FLOATS)
            }
            file.write(_framed(_example(features)))
    return path


def _example(features: dict[str, bytes]) -> bytes:
    entries = (
        _field(1, _field(1, name.encode()) + _field(2, body)) for name, body in features.items()
    )
    return _field(1, b"".join(entries))


def _framed(message: bytes) -> bytes:
    size = struct.pack("<Q", len(message))
    first, second = (struct.pack("<I", masked_crc32c(part)) for part in (size, message))
    return size + first + message + second


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


TFRECORDS = Topic(
    title="TFRecord",
    about="All features of impressions with 24 of them, from file to data frame.",
    measure=decoding,
)
TFRECORD_PEERS = Topic(
    title="TFRecord against the package",
    about="The same file; the package yields dictionaries of arrays and checks no checksums.",
    measure=against_package,
)
