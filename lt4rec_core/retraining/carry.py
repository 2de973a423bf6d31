"""The champion's networks and masks as checkpoints for today's dataset."""

from __future__ import annotations

from pathlib import Path

from lt4rec_core.config import Config, to_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.retraining.growth import check_growable, grown
from lt4rec_core.training.checkpoint import Checkpoint, open_checkpoint, save_checkpoint


def carry_network(
    root: Path, stage: str, version: str, old: Dataset, new: Dataset, target: Path
) -> Checkpoint:
    """Saves the network in the folder `root`, trained on `old`, as one for `new`'s features.

    Raises:
        ArtifactError: the network isn't one for `old`, or can't be carried over.
    """
    network = open_checkpoint(root, "checkpoint", old.features.digest)
    weights = grown(network.group("weights"), old, new)
    manifest = {
        "stage": stage,
        "schema_digest": new.features.digest,
        "parents": [new.digest, network.digest],
        "carried_from": version,
        "metrics": {},
    }
    tensors = {f"weights/{name}": values for name, values in weights.items()}
    return save_checkpoint(target, "checkpoint", tensors, manifest)


def carry_mask(root: Path, version: str, old: Dataset, new: Dataset, target: Path) -> Checkpoint:
    """Saves the mask in the folder `root` for `new`'s features: masks know nothing of ids.

    Raises:
        ArtifactError: the mask isn't one for `old`.
    """
    mask = open_checkpoint(root, "mask", old.features.digest)
    manifest = {
        **mask.manifest,
        "schema_digest": new.features.digest,
        "carried_from": version,
        "why": f"the mask of version {version}",
    }
    return save_checkpoint(target, "mask", mask.tensors(), manifest)


def check_start(config: Config, old: Dataset, joint: Path) -> None:
    """Raises ArtifactError where the configuration's network isn't the one in `joint`."""
    check_growable(config, old)
    network = open_checkpoint(joint, "checkpoint", old.features.digest)
    model = network.manifest["config"]["model"]
    now = to_mapping(config.model)
    changed = sorted(name for name in now.keys() | model.keys() if now.get(name) != model.get(name))
    if changed:
        raise ArtifactError(f"[model] has changed since: {', '.join(changed)}")
