"""No row of a text log is longer than a reader can hold: a cheap look before polars parses.

A quote that isn't closed makes one row of the rest of a CSV file, and polars holds sixty
times its bytes in memory: 200 kB of gzip took 12 GB. Compressed logs are looked through
uncompressed, piece by piece.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, Any

from lt4rec_core.errors import InputError

MOST_BYTES = 1 << 20
"""A row of so many bytes is refused."""

_PIECE = 1 << 18
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_ZLIB = (b"\x78\x01", b"\x78\x9c", b"\x78\xda")  # polars reads these too


def check_lines(path: Path, shown: str, quoted: bool) -> None:
    """Looks through a text file; `quoted` where a quote hides the end of a line (CSV).

    Raises:
        InputError: a row is longer than `MOST_BYTES`, or the file can't be uncompressed.
    """
    import zstandard

    length, inside = 0, 0
    try:
        with path.open("rb") as file, _uncompressed(file) as stream:
            while piece := stream.read(_PIECE):
                parts = piece.split(b'"') if quoted else [piece]
                ended = any(b"\n" in part for part in parts[inside::2])
                inside = (inside + len(parts) - 1) % 2
                length = len(piece) if ended else length + len(piece)
                if length > MOST_BYTES:
                    raise InputError(
                        f"{shown} can't be read: a row has more than {MOST_BYTES:,} bytes, or a "
                        "quote isn't closed; mend the file"
                    )
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        raise InputError(
            f"{shown} can't be read ({error}): it is truncated, damaged or not what its name "
            "says; write or transfer it again"
        ) from error


def _uncompressed(file: IO[bytes]) -> Any:
    import zstandard

    start = file.read(len(_ZSTD))
    file.seek(0)
    if start.startswith(_ZLIB):
        raise OSError("zlib streams aren't logs")
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    if start == _ZSTD:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return file
