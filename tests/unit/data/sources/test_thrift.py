"""Structs in Thrift's compact protocol, byte by byte as its specification writes them."""

from __future__ import annotations

import pytest

from lt4rec_core.data.sources import thrift
from lt4rec_core.data.sources.thrift import CutOffError, read_struct

# field 1 (i32) = -2, field 3 (true), field 4 (false), field 5 (binary) = "abc", end
PLAIN = bytes([0x15, 0x03, 0x21, 0x12, 0x18, 3]) + b"abc\0"


def test_fields_are_found_by_number():
    assert read_struct(PLAIN + b"more") == ({1: -2, 3: True, 4: False, 5: 3}, len(PLAIN))


def test_a_field_far_from_the_last_one_has_its_number_written_out():
    assert read_struct(bytes([0x05, 0xAC, 0x02, 0x02, 0])) == ({150: 1}, 5)


def test_structs_and_lists_may_be_inside():
    # field 1 = struct {1: 64, 2: a double}, field 2 = a list of 2 truths, field 3 = one of structs
    data = [0x1C, 0x16, 0x80, 0x01, 0x17, *range(8), 0, 0x19, 0x21, 1, 2, 0x19, 0x2C, 0x15, 2, 0, 0]
    found, length = read_struct(bytes([*data, 0]))
    assert found == {1: {1: 64, 2: 8}, 2: 2, 3: [{1: 1}, {}]}
    assert length == len(data) + 1


@pytest.mark.parametrize("length", range(len(PLAIN)))
def test_what_is_cut_off_is_told_from_what_is_wrong(length):
    with pytest.raises(CutOffError):
        read_struct(PLAIN[:length])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes([0x15, 2, 0x05, 2, 2, 0]), "field 1 twice"),
        (bytes([0x1F, 0]), "unknown type 15"),
        (bytes([0x1C]) * 100, "too deep"),
        (bytes([0x19, 0x19]) * 100, "too deep"),
        (bytes([0x19, 0xF3, 10, *range(10), 0]), "more than 3 values"),
        (bytes([0x15]) + b"\xff" * 20, "more than ten bytes"),
    ],
)
def test_what_is_no_struct_is_refused(data, said, monkeypatch):
    monkeypatch.setattr(thrift, "MOST_VALUES", 3 if "values" in said else 1000)
    with pytest.raises(ValueError, match=said):
        read_struct(data)


def test_a_list_longer_than_the_bytes_takes_no_time():
    with pytest.raises(CutOffError):
        read_struct(bytes([0x19, 0xF1, *b"\xff\xff\xff\xff\x7f", 0]))
