"""tf.train.Example messages, decoded without TensorFlow or protobuf.

    Example  { Features features = 1 }
    Features { map<string, Feature> feature = 1 }
    Feature  { oneof { BytesList = 1, FloatList = 2, Int64List = 3 } }
    *List    { repeated value = 1 }

(tensorflow/core/example/{example,feature}.proto.) Fields that these don't name are skipped.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator

Values = list[bytes] | list[float] | list[int]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3


def decode(data: bytes, wanted: Container[bytes] | None) -> dict[bytes, Values]:
    """The values of the wanted features (None: of all); an absent one is absent from the result.

    Raises:
        ValueError: the bytes aren't such a message.
    """
    features: dict[bytes, Values] = {}
    for number, wire, start, end in _fields(data, 0, len(data)):
        if number != 1 or wire != _BYTES:
            continue
        for inner, inner_wire, at, until in _fields(data, start, end):
            if inner == 1 and inner_wire == _BYTES:
                _entry(data, at, until, wanted, features)
    return features


def _entry(
    data: bytes,
    start: int,
    end: int,
    wanted: Container[bytes] | None,
    features: dict[bytes, Values],
) -> None:
    key, feature = b"", None
    for number, wire, at, until in _fields(data, start, end):
        if wire == _BYTES and number == 1:
            key = data[at:until]
            if wanted is not None and key not in wanted:
                return
        elif wire == _BYTES and number == 2:
            feature = (at, until)
    if wanted is None or key in wanted:
        features[key] = _feature(data, *feature) if feature else []


def _feature(data: bytes, start: int, end: int) -> Values:
    values: Values = []
    for number, wire, at, until in _fields(data, start, end):
        if wire != _BYTES:
            continue
        if number == _BYTES_LIST:
            values = [
                data[a:b] for n, w, a, b in _fields(data, at, until) if n == 1 and w == _BYTES
            ]
        elif number == _FLOAT_LIST:
            values = _floats(data, at, until)
        elif number == _INT64_LIST:
            values = _integers(data, at, until)
    return values


def _floats(data: bytes, start: int, end: int) -> list[float]:
    values: list[float] = []
    for number, wire, at, until in _fields(data, start, end):
        if number == 1 and wire in (_BYTES, _FIXED32):
            if (until - at) % 4:
                raise ValueError(f"packed floats of {until - at} bytes")
            values.extend(struct.unpack_from(f"<{(until - at) // 4}f", data, at))
    return values


def _integers(data: bytes, start: int, end: int) -> list[int]:
    values: list[int] = []
    for number, wire, at, until in _fields(data, start, end):
        if number != 1:
            continue
        place = at
        while wire in (_VARINT, _BYTES) and place < until:
            value, place = _varint(data, place, until)
            values.append(value - (1 << 64) if value >> 63 else value)
    return values


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Field number, wire type, and the span of the value, of every field of a message."""
    place = start
    while place < end:
        tag, place = _varint(data, place, end)
        wire = tag & 7
        if wire == _BYTES:
            size, place = _varint(data, place, end)
            until = place + size
        elif wire == _VARINT:
            _, until = _varint(data, place, end)
        elif wire in (_FIXED32, _FIXED64):
            until = place + (4 if wire == _FIXED32 else 8)
        else:
            raise ValueError(f"wire type {wire} at byte {place}")
        if until > end or not tag >> 3:
            raise ValueError(f"field {tag >> 3} leaves its message at byte {place}")
        yield tag >> 3, wire, place, until
        place = until


def _varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place
        shift += 7
    raise ValueError(f"a number that doesn't end at byte {place}")
