"""Folders of tensors with a manifest that says what they are: safetensors and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from lt4rec_core.artifact import file_inside, read_object, sealed, unsealed
from lt4rec_core.data.atomic import folder_aside, sha256_file
from lt4rec_core.errors import ArtifactError

FORMAT = 2
_TENSORS = "tensors.safetensors"
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Checkpoint:
    """A saved set of tensors.

    `manifest` has at least `format`, `kind`, `digest` (SHA-256 of the tensor file) and
    `schema_digest` (of the features the tensors were made for).
    """

    root: Path
    manifest: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the tensors."""
        return str(self.manifest["digest"])

    def tensors(self) -> dict[str, torch.Tensor]:
        """Reads all tensors by name."""
        return load_file(self.root / _TENSORS)

    def group(self, prefix: str) -> dict[str, torch.Tensor]:
        """Reads the tensors named `<prefix>/…`, without the prefix."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): values
            for name, values in self.tensors().items()
            if name.startswith(start)
        }


def save_checkpoint(
    target: Path, kind: str, tensors: Mapping[str, torch.Tensor], manifest: Mapping[str, Any]
) -> Checkpoint:
    """Writes tensors and manifest to the folder `target`, whole or not at all."""
    with folder_aside(target) as folder:
        save_file(
            {name: values.detach().cpu().contiguous() for name, values in tensors.items()},
            folder / _TENSORS,
        )
        record = {
            "format": FORMAT,
            "kind": kind,
            **manifest,
            "digest": sha256_file(folder / _TENSORS),
        }
        text = json.dumps(sealed(record), indent=2, allow_nan=False)
        (folder / _MANIFEST).write_text(text + "\n", encoding="utf-8")
    return Checkpoint(target, record)


def open_checkpoint(root: Path, kind: str, schema_digest: str = "") -> Checkpoint:
    """Opens the folder `root` and checks it.

    Raises:
        ArtifactError: it isn't there, isn't of this kind and format, its tensors aren't
            those its manifest describes, or it was made for features of another schema.
    """
    try:
        manifest = read_object(root, _MANIFEST)
        seen = (manifest.get("kind"), manifest.get("format"))
        if seen != (kind, FORMAT):
            raise ValueError(f"a {seen[0]!r} of format {seen[1]}, expected {kind!r} {FORMAT}")
        manifest = unsealed(manifest)
        digest = sha256_file(file_inside(root, _TENSORS))
    except (OSError, ValueError, ArtifactError) as error:
        raise ArtifactError(f"{root} isn't a whole {kind}: {error}; make it anew") from error
    if digest != manifest.get("digest"):
        raise ArtifactError(
            f"{root / _TENSORS} has digest {digest}, its manifest says {manifest.get('digest')}: "
            "it was damaged or exchanged; make it anew"
        )
    if schema_digest and manifest.get("schema_digest") != schema_digest:
        raise ArtifactError(
            f"{root} was made for features of schema {manifest.get('schema_digest')}, "
            f"the dataset has {schema_digest}; train on this dataset anew"
        )
    try:
        load_file(root / _TENSORS)
    except SafetensorError as error:
        raise ArtifactError(f"{root / _TENSORS} can't be read: {error}; make it anew") from error
    return Checkpoint(root, manifest)


def load_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Copies `weights` into `network`; raises ArtifactError where names or shapes differ."""
    expected = {name: tuple(values.shape) for name, values in network.state_dict().items()}
    seen = {name: tuple(values.shape) for name, values in weights.items()}
    if seen != expected:
        wrong = sorted(
            name for name in seen.keys() | expected.keys() if seen.get(name) != expected.get(name)
        )
        raise ArtifactError(
            f"the checkpoint doesn't fit the network at {wrong[0]!r}: the checkpoint has "
            f"{seen.get(wrong[0])}, the network {expected.get(wrong[0])}"
        )
    network.load_state_dict(dict(weights))
