from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from lt4rec_core.config import Config, Warmup
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import prepare


def run(config: Config, dataset: Dataset, folder: Path, **settings: object) -> Checkpoint:
    config = replace(config, warmup=Warmup(**settings))  # type: ignore[arg-type]
    return warmup(config, dataset, folder / "state", folder / "warmup", SilentTracker())


def test_a_warmup_of_no_epochs_is_the_fresh_network(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    saved = run(tiny_config, tiny_dataset, tmp_path, epochs=0.0).group("weights")
    fresh = prepare(tiny_config, tiny_dataset).network("connection_share", ["ctr", "cvr"])
    assert all(torch.equal(saved[name], weight) for name, weight in fresh.state_dict().items())


def test_a_warmup_moves_every_weight_matrix(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    saved = run(tiny_config, tiny_dataset, tmp_path, epochs=1.0).group("weights")
    fresh = prepare(tiny_config, tiny_dataset).network("connection_share", ["ctr", "cvr"])
    assert all(not torch.equal(saved[name], weight) for name, weight in fresh.state_dict().items())


def test_a_warmup_of_no_epochs_has_no_moments_to_keep(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    assert not run(tiny_config, tiny_dataset, tmp_path, epochs=0.0, keep_optimizer=True).group(
        "moments"
    )


def test_embeddings_can_be_drawn_afresh_after_it(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    kept = run(tiny_config, tiny_dataset, tmp_path / "kept", epochs=1.0).group("weights")
    drawn = run(
        tiny_config, tiny_dataset, tmp_path / "drawn", epochs=1.0, keep_embeddings=False
    ).group("weights")
    assert not torch.equal(drawn["embeddings.weight"], kept["embeddings.weight"])
    assert torch.equal(drawn["over.0.weight"], kept["over.0.weight"])


def test_moments_are_kept_by_choice(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    without = run(tiny_config, tiny_dataset, tmp_path / "without")
    kept = run(tiny_config, tiny_dataset, tmp_path / "kept", keep_optimizer=True)
    assert not without.group("moments")
    assert "over.0.weight:mean" in kept.group("moments")
