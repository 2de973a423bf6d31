"""Many tf.train.Examples at once: NumPy takes each step in all of them side by side.

Only the layout that TensorFlow and protobuf's own encoders write is understood here (every
length fits its message, numbers are packed, a name comes once). `decode`, in the module
`example`, reads any other message, one at a time and many times slower.

Shapes: N messages, M map entries of all of them, W wanted names, V values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BYTES, FLOATS, INTEGERS = 0x0A, 0x12, 0x1A
"""Tags of a Feature's BytesList, FloatList and Int64List."""
_FIRST, _SECOND = 0x0A, 0x12  # tags of fields 1 and 2 where a length follows
_PADDING = bytes(16)  # so that a number may be read at the very end


@dataclass(frozen=True)
class Feature:
    """One feature of N messages.

    Attributes:
        kind: tag of the list that holds the values; 0 where no message has any.
        counts: how many values each message has, [N].
        values: of INTEGERS int64 and of FLOATS float32, [V], message by message; of BYTES
            the bytes, uint8, one value after the other.
        ends: of BYTES where each value ends, [V]; empty otherwise.
    """

    kind: int
    counts: Ints
    values: NDArray[np.generic]
    ends: Ints


@dataclass(frozen=True)
class Parsed:
    """What was understood of N messages.

    Attributes:
        plain: [N], where a message was; values of the others are to be ignored.
        seen: the wanted names that some plain message has.
        features: by wanted name.
    """

    plain: Bools
    seen: frozenset[bytes]
    features: dict[bytes, Feature]


def parse(messages: Sequence[bytes], wanted: Sequence[bytes]) -> Parsed:
    """Returns the wanted features of all messages that have the usual layout."""
    data = np.frombuffer(b"".join([*messages, _PADDING]), np.uint8)
    ends = np.cumsum([len(message) for message in messages], dtype=np.int64)
    starts = ends - np.array([len(message) for message in messages], dtype=np.int64)
    plain = np.ones(len(messages), dtype=np.bool_)
    entries = _entries(data, starts, ends, plain)
    place = _name_places(data, entries, wanted)
    record, key, start, end = (each[place >= 0] for each in (entries[0], place, *entries[3:]))
    once = np.bincount(record * len(wanted) + key, minlength=len(messages) * len(wanted))
    plain &= (once.reshape(len(messages), len(wanted)) <= 1).all(1)
    features = {}
    for position, name in enumerate(wanted):
        mine = key == position
        order = np.argsort(record[mine], kind="stable")
        at = np.flatnonzero(mine)[order]
        features[name] = _feature(data, record[at], start[at], end[at], plain)
    seen = np.unique(key[plain[record]])
    return Parsed(plain, frozenset(wanted[position] for position in seen), features)


def _entries(data: NDArray[np.uint8], starts: Ints, ends: Ints, plain: Bools) -> list[Ints]:
    """Returns message, name's start and end, and Feature's start and end of each entry [M]."""
    record = np.arange(len(starts))
    at, stop = _inside(data, starts, ends, _FIRST, record, plain, whole=True)
    found: list[list[Ints]] = [[np.empty(0, np.int64)] for _ in range(5)]
    while len(record := record[keep := plain[record] & (at < stop)]):
        at, stop = at[keep], stop[keep]
        entry, after = _inside(data, at, stop, _FIRST, record, plain)
        name, name_end = _inside(data, entry, after, _FIRST, record, plain)
        value, value_end = _inside(data, name_end, after, _SECOND, record, plain, whole=True)
        for pieces, piece in zip(found, (record, name, name_end, value, value_end), strict=True):
            pieces.append(piece)
        at = after
    joined = [np.concatenate(pieces) for pieces in found]
    return [each[plain[joined[0]]] for each in joined]


def _inside(
    data: NDArray[np.uint8],
    at: Ints,
    stop: Ints,
    tag: int | Ints,
    record: Ints,
    plain: Bools,
    whole: bool = False,
) -> tuple[Ints, Ints]:
    """Returns the spans of the fields that begin at `at`, before `stop`.

    A message isn't plain where its field has another tag or leaves its surroundings, or,
    with `whole`, doesn't fill them.
    """
    size, begin, readable = _short_numbers(data, at + 1)
    end = begin + size
    fits = end == stop if whole else end <= stop
    good = readable & fits & (at < stop) & (data[at] == tag)
    plain[record[~good]] = False
    return np.where(good, begin, stop), np.where(good, end, stop)


def _short_numbers(data: NDArray[np.uint8], at: Ints) -> tuple[Ints, Ints, Bools]:
    """Returns the varints at `at` of up to four bytes, the places after them, and whether."""
    byte = data[at].astype(np.int64)
    value, after = byte & 0x7F, at + 1
    for shift in (7, 14, 21):
        more = np.flatnonzero(byte >= 0x80)
        if not len(more):
            break
        byte_more = data[after[more]].astype(np.int64)
        value[more] |= (byte_more & 0x7F) << shift
        after[more] += 1
        byte = np.zeros_like(byte)
        byte[more] = byte_more
    return value, after, byte < 0x80


def _name_places(data: NDArray[np.uint8], entries: list[Ints], wanted: Sequence[bytes]) -> Ints:
    """Returns the position in `wanted` of each entry's name [M], -1 for others."""
    _, start, end = entries[:3]
    place = np.full(len(start), -1)
    rng = np.random.default_rng(0)
    for size in {len(name) for name in wanted}:
        known = [position for position, name in enumerate(wanted) if len(name) == size]
        spelled_KS = np.frombuffer(b"".join(wanted[k] for k in known), np.uint8).reshape(-1, size)
        factor_S = rng.integers(1, 2**62, size, dtype=np.uint64)
        digest_K = spelled_KS.astype(np.uint64) @ factor_S
        order_K = np.argsort(digest_K)
        mine = np.flatnonzero(end - start == size)
        name_MS = data[start[mine, None] + np.arange(size)]
        digest_M = name_MS.astype(np.uint64) @ factor_S
        near_M = np.searchsorted(digest_K[order_K], digest_M).clip(max=len(known) - 1)
        guess_M = order_K[near_M]
        same_M = (spelled_KS[guess_M] == name_MS).all(1)
        place[mine[same_M]] = np.array(known)[guess_M[same_M]]
    return place


def _feature(
    data: NDArray[np.uint8], record: Ints, start: Ints, end: Ints, plain: Bools
) -> Feature:
    """Returns the feature whose message of `record` lies between `start` and `end`."""
    counts = np.zeros(len(plain), np.int64)
    there = start < end
    record, start, end = record[there], start[there], end[there]
    tags = data[start].astype(np.int64)
    kind = int(np.bincount(tags).argmax()) if len(tags) else 0
    if kind not in (BYTES, FLOATS, INTEGERS):
        plain[record] = False
        return Feature(0, counts, np.empty(0, np.int64), np.empty(0, np.int64))
    at, stop = _inside(data, start, end, kind, record, plain, whole=True)
    keep = plain[record] & (at < stop)
    record, at, stop = record[keep], at[keep], stop[keep]
    if kind == BYTES:
        return _texts(data, record, at, stop, plain, counts)
    at, stop = _inside(data, at, stop, _FIRST, record, plain, whole=True)
    if kind == FLOATS:
        plain[record[(stop - at) % 4 != 0]] = False
        keep = plain[record]
        record, at, stop = record[keep], at[keep], stop[keep]
        counts[record] = (stop - at) // 4
        floats = _gather(data, at, stop).view("<f4")
        return Feature(kind, counts, floats, np.empty(0, np.int64))
    return _integers(data, record, at, stop, plain, counts)


def _texts(
    data: NDArray[np.uint8], record: Ints, at: Ints, stop: Ints, plain: Bools, counts: Ints
) -> Feature:
    spans = [(np.empty(0, np.int64),) * 3]
    while len(record):
        start, end = _inside(data, at, stop, _FIRST, record, plain)
        spans.append((record, start, end))
        keep = plain[record] & (end < stop)
        record, at, stop = record[keep], end[keep], stop[keep]
    records, starts, ends = (np.concatenate(each) for each in zip(*spans, strict=True))
    order = np.argsort(records, kind="stable")
    order = order[plain[records[order]]]
    counts += np.bincount(records[order], minlength=len(counts))
    starts, ends = starts[order], ends[order]
    return Feature(BYTES, counts, _gather(data, starts, ends), np.cumsum(ends - starts))


def _integers(
    data: NDArray[np.uint8], record: Ints, at: Ints, stop: Ints, plain: Bools, counts: Ints
) -> Feature:
    ends_with_number = (at < stop) & (data[stop - 1] < 0x80)
    plain[record[~ends_with_number]] = False
    record, at, stop = record[ends_with_number], at[ends_with_number], stop[ends_with_number]
    piece = _gather(data, at, stop)
    last = np.flatnonzero(piece < 0x80)
    if not len(last):
        return Feature(INTEGERS, counts, np.empty(0, np.int64), np.empty(0, np.int64))
    first = np.concatenate([[0], last[:-1] + 1])
    place = np.arange(len(piece)) - np.repeat(first, last - first + 1)
    bits = (piece & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    upto = np.searchsorted(last, np.cumsum(stop - at))
    counts[record] = np.diff(upto, prepend=0)
    too_long = np.flatnonzero(last - first >= 10)
    plain[record[np.searchsorted(upto, too_long, "right")]] = False
    return Feature(
        INTEGERS, counts, np.add.reduceat(bits, first).view(np.int64), np.empty(0, np.int64)
    )


def _gather(data: NDArray[np.uint8], starts: Ints, ends: Ints) -> NDArray[np.uint8]:
    """Returns the spans' bytes, one after the other."""
    sizes = ends - starts
    shift = starts - (np.cumsum(sizes) - sizes)
    gathered: NDArray[np.uint8] = data[np.arange(sizes.sum()) + np.repeat(shift, sizes)]
    return gathered
