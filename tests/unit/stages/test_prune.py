from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from lt4rec_core.config import Config, Prune, Warmup
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.samples import read_samples
from lt4rec_core.errors import ArtifactError, ConfigError
from lt4rec_core.metrics.events import count_events, is_few
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.pruning.saliency import SALIENCIES
from lt4rec_core.stages.prune import Round, open_mask, prune, select
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import SilentTracker, Tracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import Ground
from lt4rec_core.training.loop import Trained


class KilledError(Exception):
    """Stands for a SIGKILL."""


class KillsInRound(SilentTracker):
    """Dies after the first loss record of a round's training."""

    def __init__(self, number: int) -> None:
        self.number = number

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        if step > self.number * 1_000_000 and "loss_ctr" in metrics:
            raise KilledError


@pytest.fixture(scope="module")
def init(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Checkpoint:
    folder = tmp_path_factory.mktemp("init")
    return warmup(tiny_config, tiny_dataset, folder / "s", folder / "w", SilentTracker())


def run(
    config: Config,
    dataset: Dataset,
    init: Checkpoint,
    folder: Path,
    tracker: Tracker | None = None,
    task: str = "ctr",
) -> Checkpoint:
    tracker = tracker or SilentTracker()
    return prune(config, task, dataset, init, folder / "state", folder / "mask", tracker)


@pytest.fixture(scope="module")
def found(
    tiny_config: Config,
    tiny_dataset: Dataset,
    init: Checkpoint,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a search for CTR with its state; read only."""
    folder = tmp_path_factory.mktemp("found")
    run(tiny_config, tiny_dataset, init, folder)
    return folder


def rounds_of(folder: Path) -> list[Mask]:
    """The masks that the rounds left: mask r + 1 lies in round r."""
    masks = []
    for number in range(3):
        saved, _ = _round(folder / "state" / f"round-{number}")
        masks.append(saved)
    return masks


def _round(root: Path) -> tuple[Mask, Checkpoint]:
    from lt4rec_core.training.checkpoint import open_checkpoint

    saved = open_checkpoint(root, "pruning_round")
    return Mask({name: kept.bool() for name, kept in saved.tensors().items()}), saved


def test_masks_are_nested_and_their_counts_exact(found: Path) -> None:
    first, second, last = rounds_of(found)
    assert (first.kept, second.kept) == (round(first.total / 2), round(first.total / 4))
    assert second.is_within(first)
    assert last.digest == second.digest, "the last round is measured and cuts nothing"


def test_every_round_is_recorded_and_the_best_mask_kept(found: Path) -> None:
    mask, saved = open_mask(found / "mask")
    manifest = saved.manifest
    assert [entry["density"] for entry in manifest["rounds"]] == pytest.approx([1, 0.5, 0.25], 0.01)
    best = max(manifest["rounds"][1:], key=lambda entry: entry["value"])
    assert manifest["round"] == best["round"]
    assert manifest["mask_digest"] == best["digest"] == mask.digest


def test_each_round_rewinds_to_the_warmed_up_network(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, found: Path, tmp_path: Path
) -> None:
    """Round 1 of a long search cuts what round 1 of a search begun anew under its mask cuts."""
    one = replace(tiny_config, prune=Prune(rounds=1, final_density=0.5))
    short = run(one, tiny_dataset, init, tmp_path).manifest["rounds"]
    long = open_mask(found / "mask")[1].manifest["rounds"]
    assert long[:2] == short


@pytest.mark.parametrize("saliency", [name for name in SALIENCIES if name != "magnitude"])
def test_another_saliency_keeps_other_connections_and_as_many(
    tiny_config: Config,
    tiny_dataset: Dataset,
    init: Checkpoint,
    found: Path,
    tmp_path: Path,
    saliency: str,
) -> None:
    run(one_round(tiny_config, saliency=saliency), tiny_dataset, init, tmp_path)
    masks = [_round(folder / "state" / "round-0")[0] for folder in (found, tmp_path)]
    assert masks[0].kept == masks[1].kept < masks[0].total
    assert masks[0].digest != masks[1].digest


def test_a_killed_search_ends_with_the_same_mask(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, found: Path, tmp_path: Path
) -> None:
    for number in (0, 1, 2):
        with pytest.raises(KilledError):
            run(tiny_config, tiny_dataset, init, tmp_path / "cut", KillsInRound(number))
        assert not (tmp_path / "cut" / "mask").exists()
    whole = open_mask(found / "mask")[1].manifest
    assert run(tiny_config, tiny_dataset, init, tmp_path / "cut").manifest == whole


def test_the_search_leaves_the_warmed_up_network_alone(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    before = init.tensors()
    run(tiny_config, tiny_dataset, init, tmp_path)
    assert all(torch.equal(before[name], values) for name, values in init.tensors().items())


def test_state_of_another_search_is_refused(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, found: Path, tmp_path: Path
) -> None:
    shutil.copytree(found / "state", tmp_path / "state")
    (tmp_path / "state" / "round-1").rename(tmp_path / "elsewhere")
    (tmp_path / "state" / "round-0").rename(tmp_path / "state" / "round-1")
    (tmp_path / "elsewhere").rename(tmp_path / "state" / "round-0")
    with pytest.raises(ArtifactError, match="was pruned from mask"):
        run(tiny_config, tiny_dataset, init, tmp_path)


def test_a_damaged_mask_is_refused(found: Path, tmp_path: Path) -> None:
    shutil.copytree(found / "mask", tmp_path / "mask")
    tensors = tmp_path / "mask" / "tensors.safetensors"
    content = bytearray(tensors.read_bytes())
    content[-1] ^= 1
    tensors.write_bytes(content)
    with pytest.raises(ArtifactError, match="damaged or exchanged"):
        open_mask(tmp_path / "mask")


def test_a_checkpoint_of_another_schema_is_refused(init: Checkpoint) -> None:
    from lt4rec_core.training.checkpoint import open_checkpoint

    with pytest.raises(ArtifactError, match="schema"):
        open_checkpoint(init.root, "checkpoint", schema_digest="another")


def test_a_task_that_the_run_does_not_have_is_refused(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no task 'like'"):
        run(tiny_config, tiny_dataset, init, tmp_path, task="like")


def one_round(config: Config, **settings: object) -> Config:
    return replace(config, prune=Prune(rounds=1, final_density=0.5, **settings))  # type: ignore[arg-type]


def test_a_fresh_start_knows_nothing_of_the_warm_up(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    cold = replace(tiny_config, warmup=Warmup(epochs=0))
    drawn = warmup(cold, tiny_dataset, tmp_path / "s", tmp_path / "w", SilentTracker())
    config = one_round(tiny_config, rewind="fresh")
    one = run(config, tiny_dataset, init, tmp_path / "one").manifest
    assert one["rounds"] == run(config, tiny_dataset, drawn, tmp_path / "two").manifest["rounds"]
    back = run(one_round(tiny_config), tiny_dataset, drawn, tmp_path / "three").manifest
    assert one["mask_digest"] != back["mask_digest"], "it is another draw than warm-up's"


def test_frozen_embeddings_stay_as_the_warm_up_left_them(
    tiny_config: Config,
    tiny_dataset: Dataset,
    init: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends: list[Trained] = []
    train = Ground.train

    def kept(self: Ground, *arguments: Any) -> Trained:
        ends.append(train(self, *arguments))
        return ends[-1]

    monkeypatch.setattr(Ground, "train", kept)
    run(one_round(tiny_config, freeze_embeddings=True), tiny_dataset, init, tmp_path)
    before = init.group("weights")
    assert len(ends) == 2
    for end in ends:
        moved = {name for name, weight in end.weights.items() if not weight.equal(before[name])}
        assert "embeddings.weight" not in moved
        assert moved >= {"over.0.weight", "over.0.bias"}
        assert not any(name.startswith("embeddings") for name in end.moments)


def test_a_task_can_have_a_density_of_its_own(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    config = one_round(tiny_config, final_density_of={"cvr": 0.75})
    densities = {
        task: run(config, tiny_dataset, init, tmp_path / task, task=task).manifest["density"]
        for task in ("ctr", "cvr")
    }
    assert densities == pytest.approx({"ctr": 0.5, "cvr": 0.75}, abs=1e-3)


def test_layers_can_be_cut_by_themselves(
    tiny_config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    found = run(one_round(tiny_config, scope="layer"), tiny_dataset, init, tmp_path).manifest
    assert set(found["layer_density"].values()) == {0.5}


def entries(metric: str, *values: float) -> list[Round]:
    return [Round(i, 0.5**i, metric, value, str(i)) for i, value in enumerate(values)]


def test_the_dense_network_is_a_candidate_only_by_choice() -> None:
    measured = entries("auc", 0.9, 0.7, 0.8)
    chosen, why = select(TASKS["ctr"], measured, Prune())
    assert chosen == 2
    assert "round 0, dense, isn't a candidate; its 0.90000 would be better" in why
    assert select(TASKS["ctr"], measured, Prune(dense_candidate=True))[0] == 0


def test_lower_is_better_for_squared_error() -> None:
    assert select(TASKS["cvr"], entries("mse", 0.1, 0.3, 0.2), Prune())[0] == 2


def test_of_equal_rounds_the_denser_is_chosen() -> None:
    assert select(TASKS["ctr"], entries("auc", 0.5, 0.7, 0.7), Prune())[0] == 1


def test_the_last_round_can_be_asked_for() -> None:
    assert select(TASKS["ctr"], entries("auc", 0.9, 0.8, 0.7), Prune(select="last"))[0] == 2


def test_without_a_defined_metric_the_last_round_is_kept_and_it_is_said() -> None:
    rounds = [Round(number, 1 - number / 4, "auc", None, "") for number in range(3)]
    chosen, why = select(TASKS["ctr"], rounds, Prune(rounds=2))
    assert chosen == 2
    assert "no validation auc is defined" in why


def test_a_choice_by_few_events_says_so(tiny_dataset: Dataset, found: Path) -> None:
    clicks = read_samples(tiny_dataset, "validation").labels["click"].numpy()
    why = open_mask(found / "mask")[1].manifest["why"]
    assert ("mostly chance" in why) == is_few(count_events(clicks))
