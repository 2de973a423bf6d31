"""TFRecord framing: length, masked CRC-32C of the length, data, masked CRC-32C of the data.

The format is TensorFlow's (`tensorflow/core/lib/io/record_writer.h`); files may be
gzipped as a whole.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lt4rec_core.errors import InputError

MAX_RECORD_BYTES = 64 << 20
_HEADER, _FOOTER = struct.Struct("<QI"), struct.Struct("<I")
_GZIP_MAGIC = b"\x1f\x8b"


def masked_crc32c(data: bytes) -> int:
    """CRC-32C, rotated and shifted as TFRecord stores it."""
    import google_crc32c

    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path, shown: str) -> Iterator[bytes]:
    """The records of a file, in order, one at a time.

    Raises:
        InputError: the file is truncated or damaged; the message names the file, the
            record (from 0) and the byte offset of its frame in the uncompressed stream.
    """
    number, offset = 0, 0
    try:
        with _open(path) as stream:
            while header := _read(stream, _HEADER.size):
                if len(header) < _HEADER.size:
                    raise DamagedError("it ends within a record's header")
                length, length_crc = _HEADER.unpack(header)
                if masked_crc32c(header[:8]) != length_crc:
                    raise DamagedError("the checksum of the record's length doesn't match")
                if length > MAX_RECORD_BYTES:
                    raise DamagedError(
                        f"a record of {length:,} bytes; at most {MAX_RECORD_BYTES:,} are read"
                    )
                body = _read(stream, length + _FOOTER.size)
                if len(body) < length + _FOOTER.size:
                    raise DamagedError("it ends within a record")
                data = body[:length]
                if masked_crc32c(data) != _FOOTER.unpack_from(body, length)[0]:
                    raise DamagedError("the checksum of the record's data doesn't match")
                yield data
                number += 1
                offset += _HEADER.size + len(body)
    except (DamagedError, EOFError, zlib.error, OSError) as error:
        raise InputError(
            f"{shown} is truncated or damaged at record {number}, byte {offset} (uncompressed): "
            f"{error}; write or transfer it again"
        ) from error


class DamagedError(Exception):
    """What is wrong with the frame."""


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if zipped else path.open("rb", buffering=1 << 20)


def _read(stream: IO[bytes] | gzip.GzipFile, size: int) -> bytes:
    return stream.read(size)
