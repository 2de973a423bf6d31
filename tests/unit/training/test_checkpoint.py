"""A checkpoint that was damaged is refused, wherever the damage is."""

from __future__ import annotations

import json
import struct

import pytest
import torch

from lt4rec_core.errors import ArtifactError
from lt4rec_core.training.checkpoint import open_checkpoint, save_checkpoint

TENSORS = {"weights/a": torch.arange(6.0).reshape(2, 3), "weights/b": torch.ones(2)}


@pytest.fixture
def root(tmp_path):
    save_checkpoint(tmp_path / "saved", "checkpoint", TENSORS, {"step": 7, "schema_digest": "s"})
    return tmp_path / "saved"


def test_what_was_saved_is_opened(root):
    opened = open_checkpoint(root, "checkpoint", "s")
    assert opened.manifest["step"] == 7
    assert torch.equal(opened.group("weights")["a"], TENSORS["weights/a"])


@pytest.mark.parametrize("name", ["manifest.json", "tensors.safetensors"])
def test_a_flipped_bit_is_always_found(root, name):
    whole = (root / name).read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        (root / name).write_bytes(flipped)
        try:
            opened = open_checkpoint(root, "checkpoint", "s")
        except ArtifactError:
            continue
        # A blank between two values of the JSON says nothing.
        assert name == "manifest.json"
        assert opened.manifest["step"] == 7
        assert json.loads(flipped) == json.loads(whole)


@pytest.mark.parametrize("name", ["manifest.json", "tensors.safetensors"])
def test_a_truncated_file_is_always_found(root, name):
    whole = (root / name).read_bytes()
    for length in range(len(whole) - 2):  # the last two bytes of the JSON are "}" and a newline
        (root / name).write_bytes(whole[:length])
        with pytest.raises(ArtifactError):
            open_checkpoint(root, "checkpoint", "s")


HEADERS = {
    "a length beyond the file": (1 << 62, b"{}"),
    "no length": (0, b""),
    "no JSON": (4, b"nope"),
    "an absurd shape": (
        0,
        b'{"weights/a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,24]}}',
    ),
    "a negative shape": (
        0,
        b'{"weights/a":{"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]}}',
    ),
    "offsets beyond the file": (
        0,
        b'{"weights/a":{"dtype":"F32","shape":[2,3],"data_offsets":[99999999,100000023]}}',
    ),
    "offsets that overlap": (
        0,
        b'{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]},'
        b'"b":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}',
    ),
    "a type that is code": (
        0,
        b'{"weights/a":{"dtype":"OBJECT","shape":[6],"data_offsets":[0,24]}}',
    ),
    "depth": (0, b'{"__metadata__":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"),
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_malicious_header_is_refused_though_its_digest_is_right(root, what):
    from lt4rec_core.artifact import sealed
    from lt4rec_core.data.atomic import sha256_file

    length, header = HEADERS[what]
    file = root / "tensors.safetensors"
    file.write_bytes(struct.pack("<Q", length or len(header)) + header + bytes(24))
    record = json.loads((root / "manifest.json").read_text())
    (root / "manifest.json").write_text(json.dumps(sealed(record | {"digest": sha256_file(file)})))
    with pytest.raises(ArtifactError, match="can't be read"):
        open_checkpoint(root, "checkpoint", "s")
