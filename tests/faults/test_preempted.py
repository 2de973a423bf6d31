"""SIGTERM in the middle of a stage: it saves where it is, leaves, and goes on to the same bits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.pruning.mask import dense
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.prune import prune
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker, Tracker
from lt4rec_core.training.checkpoint import open_checkpoint
from lt4rec_core.training.ground import prepare

Stage = Callable[[Config, Dataset, Path, Tracker], object]


class PreemptedError(Exception):
    """The end of the process, as whoever handles SIGTERM brings it."""


class PreemptsAtOnce(SilentTracker):
    """Sends SIGTERM to this process at the first figure, and counts those that come after it."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        self.steps.append(step)
        if len(self.steps) == 1:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(autouse=True)
def _on_sigterm() -> Iterator[None]:
    def leave(number: int, frame: object) -> None:
        raise PreemptedError

    former = signal.signal(signal.SIGTERM, leave)
    yield
    signal.signal(signal.SIGTERM, former)


def warm_up(config: Config, data: Dataset, at: Path, tracker: Tracker) -> object:
    return warmup(config, data, at / "state", at / "made", tracker)


def prune_ctr(config: Config, data: Dataset, at: Path, tracker: Tracker) -> object:
    init = warmup(config, data, at / "w", at / "init", SilentTracker())
    return prune(config, "ctr", data, init, at / "state", at / "made", tracker)


def train_alone(config: Config, data: Dataset, at: Path, tracker: Tracker) -> object:
    return single_task(config, "cvr", data, at / "state", at / "made", tracker)


def train_jointly(config: Config, data: Dataset, at: Path, tracker: Tracker) -> object:
    network = prepare(config, data).network("connection_share", ["ctr", "cvr"])
    masks = {task: dense(network.prunable(task)) for task in ("ctr", "cvr")}
    return joint_train(config, data, None, masks, at / "state", at / "made", tracker)


def made(folder: Path) -> dict[str, bytes]:
    """The tensors that a stage left."""
    files = (path for path in (folder / "made").rglob("*") if path.suffix == ".safetensors")
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.parametrize(
    "stage", [warm_up, prune_ctr, train_alone, train_jointly], ids=lambda stage: stage.__name__
)
def test_a_preempted_stage_leaves_at_once_and_goes_on_to_the_same_bits(
    stage: Stage, tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    stage(tiny_config, tiny_dataset, tmp_path / "whole", SilentTracker())
    tracker, place = PreemptsAtOnce(), tmp_path / "preempted"
    with pytest.raises(PreemptedError):
        stage(tiny_config, tiny_dataset, place, tracker)
    assert len(set(tracker.steps)) == 1  # it took no further batch
    [saved] = {path.parent for path in (place / "state").rglob("tensors.safetensors")}
    assert open_checkpoint(saved, "training_state").manifest["progress"]["step"] > 0
    assert not (place / "made").exists()
    stage(tiny_config, tiny_dataset, place, SilentTracker())
    assert made(place) == made(tmp_path / "whole") != {}
