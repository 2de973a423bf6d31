from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources import SOURCES, Columns
from lt4rec_core.data.sources.records import masked_crc32c
from lt4rec_core.errors import ConfigError, InputError

SOURCE = SOURCES["tfrecord"]
SETTINGS = {"user": "uid", "item": "vid", "duration": "seconds", "session": "seq"}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def feature(values: list) -> bytes:
    if all(isinstance(value, bytes) for value in values):
        return field(1, b"".join(field(1, value) for value in values))
    if all(isinstance(value, float) for value in values):
        return field(2, field(1, struct.pack(f"<{len(values)}f", *values)))
    return field(3, field(1, b"".join(varint(value) for value in values)))


def example(features: dict[str, list]) -> bytes:
    entries = (
        field(1, field(1, name.encode()) + field(2, feature(values)))
        for name, values in features.items()
    )
    return field(1, b"".join(entries))


def framed(*records: bytes) -> bytes:
    out = b""
    for record in records:
        size = struct.pack("<Q", len(record))
        out += size + struct.pack("<I", masked_crc32c(size))
        out += record + struct.pack("<I", masked_crc32c(record))
    return out


def shown(number: int, **changed: list) -> dict[str, list]:
    plain = {
        "uid": [b"u1"],
        "vid": [f"v{number}".encode()],
        "seconds": [b"20"],
        "seq": [b"s1@5"],
        "tags": [b"a", b"b,c"],
        "label": [number % 2],
        "cvrlabel": [0.5 * (number % 2)],
        "score": [1.5],
    }
    return {**plain, **changed}


@pytest.fixture
def write(tmp_path: Path):
    def write_examples(*examples: dict[str, list], name: str = "part.gz") -> Path:
        data = framed(*(example(features) for features in examples))
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write_examples


def read(folder: Path, columns: Columns | None = None, share: float = 1.0, **settings):
    ingest = Ingest(max_unparsable_share=share, tfrecord={**SETTINGS, **settings})
    wanted = columns or Columns(multi={"tags": ","}, numeric=("score",))
    days = SOURCE.read(str(folder), ingest, wanted, ("",))
    [found] = [(day.frame.collect(), day.read, day.dropped) for day in days]
    return found


def test_examples_become_labelled_rows(write, tmp_path):
    write(shown(0), shown(1))
    frame, counts, dropped = read(tmp_path, session_separator="@")
    assert frame.rows() == [
        ("part.gz:0", "u1", "v0", None, 20.0, 0.0, None, "s1", ["a", "b,c"], 1.5),
        ("part.gz:1", "u1", "v1", None, 20.0, 1.0, 0.5, "s1", ["a", "b,c"], 1.5),
    ]
    assert counts == {"impressions": 2, "clicks": 1, "plays": 1}
    assert dropped == {}


def test_plain_files_are_read_too(write, tmp_path):
    write(shown(1), name="part.tfrecord")
    assert read(tmp_path, pattern="*.tfrecord")[0].height == 1


def test_without_a_session_the_user_is_it(write, tmp_path):
    write(shown(1))
    assert read(tmp_path, session="")[0]["session"].to_list() == ["u1"]
    with pytest.raises(ConfigError, match="neither a session nor a user"):
        read(tmp_path, session="", user="")


@pytest.mark.parametrize(
    "broken",
    [{"label": []}, {"label": [2]}, {"label": [0, 1]}, {"uid": [b" "]}, {"cvrlabel": []}],
)
def test_examples_that_cannot_be_used_are_counted_and_refused_above_the_share(
    write, tmp_path, broken
):
    write(shown(0), shown(1, **broken))
    assert read(tmp_path)[2] == {"impressions.unparsable": 1}
    with pytest.raises(InputError, match="1 of 2 records"):
        read(tmp_path, share=0.4)


def test_a_record_that_is_no_example_is_counted(tmp_path):
    (tmp_path / "part.gz").write_bytes(gzip.compress(framed(example(shown(1)), b"\x0a\xff")))
    assert read(tmp_path)[2] == {"impressions.unparsable": 1}


@pytest.mark.parametrize("seconds", [b"0", b"-1", b"nan", b"long"])
def test_an_example_without_duration_is_counted(write, tmp_path, seconds):
    write(shown(0), shown(1, seconds=[seconds]))
    assert read(tmp_path)[2] == {"impressions.no_duration": 1}


def test_a_missing_feature_is_named_with_the_nearest(write, tmp_path):
    write(shown(0))
    with pytest.raises(InputError, match="no column 'tag'; is it 'tags' there"):
        read(tmp_path, Columns(multi={"tag": ","}))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_truncated_file_is_named_with_record_and_byte(write, tmp_path, zipped):
    path = write(shown(0), shown(1), name="part.gz" if zipped else "part")
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(InputError, match=r"part(.gz)? is truncated or damaged at record \d, byte"):
        read(tmp_path, pattern="part*")


@pytest.mark.parametrize("place", [0, 9, 40, -1])
def test_a_flipped_bit_is_found_by_the_checksum(write, tmp_path, place):
    path = write(shown(0), name="part")
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"at record 0, byte 0 .*checksum"):
        read(tmp_path, pattern="part")


def test_no_file_and_no_record_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no file like '\*.gz'"):
        read(tmp_path)
    (tmp_path / "part.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match="no record in any file"):
        read(tmp_path)


def test_several_values_where_a_field_takes_one_are_refused(write, tmp_path):
    write(shown(1), shown(2))
    with pytest.raises(InputError, match="'tags' has several values in 2 records"):
        read(tmp_path, Columns(single=("tags",)))


def test_its_labels_are_outcomes():
    ingest = Ingest(tfrecord={"outcomes": ("pctr",)})
    assert SOURCE.outcomes(ingest) == {"label", "cvrlabel", "pctr"}


@pytest.mark.skipif("LT4REC_REAL_DATA" not in os.environ, reason="LT4REC_REAL_DATA isn't set")
def test_the_real_sample_is_read_whole():
    place = Path(os.environ["LT4REC_REAL_DATA"]) / "lt4rec_sample"
    settings = {"user": "FEA_UID", "item": "FEA_VID", "duration": "FEA_DURATION"}
    frame, counts, _ = read(place, Columns(multi={"FEA_STAG": ","}), **settings, session="seqnum")
    assert counts["impressions"] == 4322
    assert (frame["label.click"].sum(), frame["session"].n_unique()) == (1677, 603)
    assert (frame["user"].n_unique(), frame["item"].n_unique()) == (500, 4191)
