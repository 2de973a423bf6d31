"""Thrift's compact protocol, as far as Parquet's footer and page headers need it.

Arrow's reader of footers won't do to check them: some damaged ones make it throw where nothing
catches, which ends the process.
"""

from __future__ import annotations

from typing import Any

Struct = dict[int, Any]

MOST_VALUES = 1 << 22
"""So many values in one struct, all depths together, are refused."""

_MOST_DEPTH = 16
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY = 1, 2, 3, 7, 8
_INTEGERS, _LISTS, _STRUCT = (4, 5, 6), (9, 10), 12


class CutOffError(ValueError):
    """The bytes end before the struct does."""


def read_struct(data: bytes) -> tuple[Struct, int]:
    """The struct at the beginning of `data` by field numbers, and how many bytes it takes.

    Structs in it are found as they are, also in lists; of texts and other lists, only the length.

    Raises:
        CutOffError: `data` ends before the struct does.
        ValueError: it is no struct: an unknown type, a field twice, too deep, too many values.
    """
    reader = _Reader(data)
    return reader.struct(_MOST_DEPTH), reader.place


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.place, self.left = data, 0, MOST_VALUES

    def struct(self, depth: int) -> Struct:
        if not depth:
            raise ValueError("a header is too deep")
        found: Struct = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            if number in found:
                raise ValueError(f"a header has field {number} twice")
            kind = head & 15
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self.value(kind, depth)
        return found

    def value(self, kind: int, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"a header has more than {MOST_VALUES:,} values")
        if kind in _INTEGERS:
            return self.integer()
        if kind == _STRUCT:
            return self.struct(depth - 1)
        if kind == _BINARY:
            return self.over(self.unsigned())
        if kind in (_TRUE, _FALSE, _BYTE):  # truths take a byte where they're a list's
            return self.byte()
        if kind == _DOUBLE:
            return self.over(8)
        if kind in _LISTS and depth:
            head = self.byte()
            length = head >> 4 if head >> 4 < 15 else self.unsigned()
            if length > len(self.data) - self.place:
                raise CutOffError("a header's list goes past its end")
            values = (self.value(head & 15, depth - 1) for _ in range(length))
            return list(values) if head & 15 == _STRUCT else sum(1 for _ in values)
        raise ValueError(f"a header is too deep, or has a field of the unknown type {kind}")

    def byte(self) -> int:
        if self.place >= len(self.data):
            raise CutOffError("a header goes past its end")
        self.place += 1
        return self.data[self.place - 1]

    def over(self, length: int) -> int:
        if length > len(self.data) - self.place:
            raise CutOffError("a header goes past its end")
        self.place += length
        return length

    def unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a header has a number of more than ten bytes")

    def integer(self) -> int:
        value = self.unsigned()
        return value >> 1 ^ -(value & 1)
