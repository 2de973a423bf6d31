"""TFRecord files and Examples, against an encoder written from the format's description."""

from __future__ import annotations

import gzip
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import example as hypothesis_example
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.data.sources.example import decode
from lt4rec_core.data.sources.example_frame import frame_of
from lt4rec_core.data.sources.examples import parse
from lt4rec_core.data.sources.records import masked_crc32c, records
from lt4rec_core.errors import InputError
from lt4rec_core.ranking.encode import canonical

NAMES = st.binary(min_size=1, max_size=200)
VALUES = st.one_of(
    st.lists(st.binary(max_size=300), max_size=5),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=5),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5),
)


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def feature(values: list, packed: bool) -> bytes:
    if not values or isinstance(values[0], bytes):
        return field(1, b"".join(field(1, value) for value in values))
    is_float = isinstance(values[0], float)
    single = [struct.pack("<f", value) if is_float else varint(value) for value in values]
    tag = varint(1 << 3 | (5 if is_float else 0))
    body = field(1, b"".join(single)) if packed else b"".join(tag + one for one in single)
    return field(2 if is_float else 3, body)


def example(features: dict[bytes, list], packed: bool = True, noise: bytes = b"") -> bytes:
    entries = b"".join(
        field(1, field(1, name) + field(2, feature(values, packed)) + noise) + noise
        for name, values in features.items()
    )
    return noise + field(1, entries) + noise


def framed(record: bytes) -> bytes:
    size = struct.pack("<Q", len(record))
    checks = [struct.pack("<I", masked_crc32c(part)) for part in (size, record)]
    return size + checks[0] + record + checks[1]


def read(data: bytes) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        return list(records(path, "file"))


@given(st.dictionaries(NAMES, VALUES, max_size=6), st.booleans(), st.booleans())
def test_what_was_encoded_is_decoded(features, packed, noisy):
    noise = field(9, b"later") + varint(10 << 3) + varint(300) if noisy else b""
    assert decode(example(features, packed, noise), None) == features


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6))
def test_only_what_is_wanted_is_decoded(features):
    wanted = sorted(features)[:1]
    assert decode(example(features), set(wanted)) == {name: features[name] for name in wanted}


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(data):
    try:
        decode(data, None)
    except ValueError as refused:
        assert str(refused)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), st.data())
def test_a_cut_example_is_refused_or_loses_whole_fields(features, data):
    whole = example(features)
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    with pytest.raises(ValueError, match="byte"):
        decode(cut, None)


@given(st.lists(st.binary(max_size=100), max_size=5), st.booleans())
def test_framed_records_come_back(written, zipped):
    data = b"".join(framed(record) for record in written)
    assert read(gzip.compress(data) if zipped else data) == written


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.data())
def test_a_truncated_file_is_refused_after_its_whole_records(written, data):
    frames = [framed(record) for record in written]
    whole = b"".join(frames)
    cut = data.draw(st.integers(1, len(whole) - 1))
    ends = [sum(map(len, frames[: number + 1])) for number in range(len(frames))]
    if cut in ends:
        assert read(whole[:cut]) == written[: ends.index(cut) + 1]
        return
    number = sum(end < cut for end in ends)
    with pytest.raises(InputError, match=f"file is truncated or damaged at record {number}, byte"):
        read(whole[:cut])


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.data())
def test_a_flipped_bit_is_always_found(written, data):
    whole = bytearray(b"".join(framed(record) for record in written))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if whole[:2] != b"\x1f\x8b":
        with pytest.raises(InputError, match="record"):
            read(bytes(whole))


def test_the_checksum_is_crc32c():
    # RFC 3720, B.4: 32 bytes of zeros have the CRC-32C 0x8a9136aa.
    crc = 0x8A9136AA
    assert masked_crc32c(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


MESSAGES = st.one_of(
    st.builds(
        example,
        st.dictionaries(st.sampled_from([b"a", b"bb", b"cc", b"other"]), VALUES, max_size=4),
        st.booleans(),
        st.sampled_from([b"", field(9, b"later")]),
    ),
    st.binary(max_size=30),
)


def expected(value: bytes | float | int, text: bool) -> str | float | None:
    if text:
        return value.decode(errors="replace") if isinstance(value, bytes) else canonical(value)
    try:
        return float(value)
    except ValueError:
        return None


@given(st.lists(MESSAGES, min_size=1, max_size=6))
def test_messages_side_by_side_are_decoded_as_one_by_one(messages):
    names = ["a", "bb", "cc"]
    frame, seen = frame_of([str(n) for n in range(len(messages))], messages, names, names)
    decoded = []
    for message in messages:
        try:
            decoded.append(decode(message, {name.encode() for name in names}))
        except ValueError:
            decoded.append({})
    assert seen == {name for values in decoded for name in values}
    for name in names:
        for kind in ("text", "number"):
            wanted = [
                [expected(value, kind == "text") for value in values.get(name.encode(), [])] or None
                for values in decoded
            ]
            assert repr(frame[f"{kind}.{name}"].to_list()) == repr(wanted)


@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), min_size=1, max_size=5))
@hypothesis_example([{b"a": []}, {b"a": [0.0]}])
def test_the_usual_layout_is_decoded_side_by_side(rows):
    wanted = sorted({name for row in rows for name in row})
    plain = parse([example(row) for row in rows], wanted).plain
    # `example` writes a list without values as one of bytes.
    kinds = {
        name: {type((row[name] or [b""])[0]) for row in rows if name in row} for name in wanted
    }
    if all(len(kind) <= 1 for kind in kinds.values()):
        assert plain.all()
