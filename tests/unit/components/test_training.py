from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from components import worker
from components.order import Order, place, read
from components.training import _see_through, train
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ConfigError, WorkerError
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.stages.prune import prune
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import Checkpoint, open_checkpoint

ROUND = 1_000_000  # steps of one round are reported from here to the next


class Heard(SilentTracker):
    """Remembers metrics; kills a worker when it hears of the second round, if it's told to."""

    def __init__(self, killing: bool = False) -> None:
        self.killing = killing
        self.losses: dict[int, float] = {}
        self.said: list[str] = []

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        if "loss_ctr" in metrics:
            self.losses[step] = metrics["loss_ctr"]
        if self.killing and step >= ROUND:
            self.killing = False
            os.kill(second_worker(), signal.SIGKILL)

    def progress(self, message: str) -> None:
        self.said.append(message)


def second_worker() -> int:
    """The second of the processes that torchrun has started."""
    below = psutil.Process().children(recursive=True)
    return next(process.pid for process in below if process.environ().get("RANK") == "1")


@pytest.fixture
def config(tiny_config: Config) -> Config:
    return replace(tiny_config, processes=2)


@pytest.fixture
def init(tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path) -> Checkpoint:
    places = (tmp_path / "warm-state", tmp_path / "init")
    return warmup(tiny_config, tiny_dataset, *places, SilentTracker())


@pytest.fixture
def order(config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path) -> Order:
    inputs = {"task": "ctr", "dataset": tiny_dataset, "init": init}
    places = (tmp_path / "order-state", tmp_path / "artifact")
    return place(tmp_path / "order", "prune", config, *places, inputs)


def step(config: Config, room: Path, tracker: Heard) -> Any:
    """What `train` needs of a step."""
    made = {"state": room / "state", "target": room / "artifact", "tracker": tracker}
    own = {"stage": "prune", "node": "prune-ctr", "key": "0" * 64, "room": room}
    return SimpleNamespace(config=config, **own, **made)


def test_a_killed_worker_stops_the_step_and_the_next_run_goes_on(
    config: Config, tiny_dataset: Dataset, init: Checkpoint, tmp_path: Path
) -> None:
    room, inputs = tmp_path / "room", {"task": "ctr", "dataset": tiny_dataset, "init": init}
    room.mkdir()
    first, second, alone = Heard(killing=True), Heard(), Heard()
    with pytest.raises(WorkerError, match="run again"):
        train(step(config, room, first), **inputs)
    one = replace(config, processes=1)  # takes less time here than two
    train(step(one, room, second), **inputs)
    assert min(first.losses) < ROUND <= min(second.losses)  # the first round wasn't repeated
    prune(one, "ctr", tiny_dataset, init, tmp_path / "state", tmp_path / "alone", alone)
    assert {**first.losses, **second.losses} == pytest.approx(alone.losses, abs=1e-5)


def test_what_the_processes_tell_is_the_step_s(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only_process(monkeypatch)
    worker.main(order.file)
    heard = Heard()
    _see_through(order, contextlib.nullcontext(lambda: True), heard)
    assert heard.said[-1].startswith("round 2/2: density 0.25")
    assert len(heard.losses) > 3
    found = open_checkpoint(order.target, "mask")
    assert found.manifest["config"]["processes"] == 1


def test_an_error_of_the_stage_is_the_step_s(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_process(monkeypatch)
    inputs = {**order.inputs, "task": "like"}
    monkeypatch.setattr(worker, "read", lambda file: replace(order, inputs=inputs))
    with pytest.raises(SystemExit):
        worker.main(order.file)
    with pytest.raises(ConfigError, match="no task 'like'"):
        _see_through(order, contextlib.nullcontext(lambda: False), Heard())


def test_masks_and_what_there_is_not_arrive_as_they_were_sent(
    config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    masks = {"ctr": Mask({"over.0.weight": torch.tensor([[True, False]])})}
    inputs = {"dataset": tiny_dataset, "init": None, "masks": masks}
    placed = place(tmp_path / "order", "joint_train", config, tmp_path, tmp_path, inputs)
    opened = read(placed.file).opened()
    assert read(placed.file) == placed
    assert opened["masks"]["ctr"].digest == masks["ctr"].digest
    assert opened["dataset"].paths("train") == tiny_dataset.paths("train")
    assert opened["init"] is None


def _only_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torchrun would tell a process that has no others beside it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": 0, "WORLD_SIZE": 1}
    for name, value in place.items():
        monkeypatch.setenv(name, str(value))
