from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from lt4rec_core.config import Config, TaskSettings
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import prepare


@pytest.fixture(scope="module")
def init(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Checkpoint:
    folder = tmp_path_factory.mktemp("init")
    return warmup(tiny_config, tiny_dataset, folder / "s", folder / "w", SilentTracker())


def thirds(config: Config, dataset: Dataset) -> dict[str, Mask]:
    """A third of all connections for CTR, a third for CVR, a third for neither."""
    network = prepare(config, dataset).network("connection_share", ["ctr", "cvr"])
    masks = {}
    for turn, task in enumerate(("ctr", "cvr")):
        masks[task] = Mask(
            {
                name: (torch.arange(weight.numel()) % 3 == turn).view(weight.shape)
                for name, weight in network.prunable(task).items()
            }
        )
    return masks


def run(
    config: Config, dataset: Dataset, init: Checkpoint, masks: Mapping[str, Mask], folder: Path
) -> Checkpoint:
    return joint_train(
        config, dataset, init, masks, folder / "state", folder / "joint", SilentTracker()
    )


def test_connections_of_no_task_stay_as_warmup_left_them(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    masks = thirds(tiny_config, tiny_dataset)
    after = run(tiny_config, tiny_dataset, init, masks, tmp_path).group("weights")
    before = init.group("weights")
    for name in ("over.0.weight", "over.1.weight"):
        neither = ~(masks["ctr"].tensors[name] | masks["cvr"].tensors[name])
        assert torch.equal(after[name][neither], before[name][neither])
        for mask in masks.values():
            assert (after[name] != before[name])[mask.tensors[name]].any()
    assert not torch.equal(after["embeddings.weight"], before["embeddings.weight"])


def test_it_says_what_it_was_made_of(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    masks = thirds(tiny_config, tiny_dataset)
    manifest = run(tiny_config, tiny_dataset, init, masks, tmp_path).manifest
    digests = [tiny_dataset.digest, init.digest, masks["ctr"].digest, masks["cvr"].digest]
    assert manifest["parents"] == digests
    assert set(manifest["metrics"]) == {"ctr", "cvr"}


def test_a_mask_of_another_network_is_refused_before_training(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    masks = thirds(tiny_config, tiny_dataset) | {"cvr": dense({"over.0.weight": torch.ones(2, 2)})}
    with pytest.raises(ArtifactError, match="mask doesn't fit"):
        run(tiny_config, tiny_dataset, init, masks, tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_task_without_a_mask_is_refused(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    ctr = {"ctr": thirds(tiny_config, tiny_dataset)["ctr"]}
    with pytest.raises(ArtifactError, match="expected one of each"):
        run(tiny_config, tiny_dataset, init, ctr, tmp_path)


def test_from_a_fresh_draw_nothing_is_left_of_the_warm_up(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    masks = thirds(tiny_config, tiny_dataset)
    settings = replace(tiny_config.joint_train, rewind="fresh")
    config = replace(tiny_config, joint_train=settings)
    after = run(config, tiny_dataset, init, masks, tmp_path).group("weights")
    ground = prepare(tiny_config, tiny_dataset)
    drawn = ground.network("connection_share", ["ctr", "cvr"], "fresh").state_dict()
    neither = ~(masks["ctr"].tensors["over.0.weight"] | masks["cvr"].tensors["over.0.weight"])
    assert torch.equal(after["over.0.weight"][neither], drawn["over.0.weight"][neither])


@pytest.mark.parametrize("output", ["owned", "shared"])
def test_a_task_alone_begins_from_its_part_of_the_warmed_up_network(
    output: Literal["owned", "shared"], tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    config = replace(tiny_config, model=replace(tiny_config.model, output=output))
    init = warmup(config, tiny_dataset, tmp_path / "s", tmp_path / "w", SilentTracker())
    before = init.group("weights")
    network = prepare(config, tiny_dataset).network("connection_share", ["cvr"])
    nothing = {"cvr": Mask({k: w.detach() > 9 for k, w in network.prunable("cvr").items()})}
    saved = joint_train(
        config,
        tiny_dataset,
        init,
        nothing,
        tmp_path / "state",
        tmp_path / "t",
        SilentTracker(),
        ("cvr",),
    )
    after = saved.group("weights")
    assert set(after) == {name for name in before if not name.startswith("output.ctr")}
    assert all(torch.equal(after[name], before[name]) for name in nothing["cvr"].tensors)
    assert set(saved.manifest["metrics"]) == {"cvr"}


def test_three_tasks_train_as_two_do(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    finished = TaskSettings(
        name="again", label="click", population="impression", loss="log_loss", metric="auc"
    )
    config = replace(tiny_config, tasks=(*tiny_config.tasks, finished))
    init = warmup(config, tiny_dataset, tmp_path / "s", tmp_path / "w", SilentTracker())
    network = prepare(config, tiny_dataset).network("connection_share", ["ctr", "cvr", "again"])
    masks = {task: dense(network.prunable(task)) for task in ("ctr", "cvr", "again")}
    manifest = run(config, tiny_dataset, init, masks, tmp_path).manifest
    assert set(manifest["metrics"]) == {"ctr", "cvr", "again"}
