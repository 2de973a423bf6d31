"""Rows that no reader could hold are found before one tries."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import pytest
import zstandard

from lt4rec_core.data.sources.lines import MOST_BYTES, check_lines
from lt4rec_core.errors import InputError

ROW = b'1,"a, b"\n'
PACK = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}

READ = """
import resource, sys
from pathlib import Path
from lt4rec_core.config import S3
from lt4rec_core.data.objects import open_location
from lt4rec_core.data.sources.files import locate, scan
from lt4rec_core.errors import InputError

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    place = open_location(sys.argv[1], S3())
    scan(locate(place, place.entries(), Path(sys.argv[2])), ["a"]).collect(engine="streaming")
except InputError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


@pytest.fixture
def look(tmp_path):
    def look(content: bytes, quoted: bool = True) -> None:
        (tmp_path / "file").write_bytes(content)
        check_lines(tmp_path / "file", "the file", quoted)

    return look


@pytest.mark.parametrize("ending", PACK)
def test_ordinary_rows_pass(look, ending):
    look(PACK[ending](b"a,b\n" + ROW * 200_000))


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("start", [b'a,b\n1,"', b"a,b\n1,"])
def test_a_row_without_an_end_is_refused(look, ending, start):
    body = ROW * 300_000 if start.endswith(b'"') else b"1" * 2 * MOST_BYTES
    with pytest.raises(InputError, match="a quote isn't closed"):
        look(PACK[ending](start + body.replace(b'"', b"")))


def test_the_last_row_needs_no_newline(look):
    look(b"a,b\n" + ROW.strip())


def test_a_quote_hides_no_line_of_json(look):
    look(b'{"a": "\\""}\n' * 300_000, quoted=False)


def test_a_damaged_file_is_named(look):
    with pytest.raises(InputError, match=r"the file can't be read.*truncated"):
        look(gzip.compress(ROW * 1000)[:-9])


def test_another_compression_is_refused(look):
    with pytest.raises(InputError, match="zlib"):
        look(zlib.compress(ROW * 1000))


def test_a_bomb_is_refused_in_little_memory(tmp_path):
    bomb = gzip.compress(b'a,b\n1,"' + b"1,2\n" * (64 << 18), 1)
    (tmp_path / "bomb.csv.gz").write_bytes(bomb)
    command = [sys.executable, "-c", READ, str(tmp_path / "bomb.csv.gz"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kilobytes, _, message = done.stdout.partition(" ")
    assert "a quote isn't closed" in message
    assert int(kilobytes) < 100 << 10
