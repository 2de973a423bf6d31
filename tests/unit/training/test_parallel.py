"""Several processes, forked from this one, train as one: gloo on loopback."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import TrainingError, WorkerError
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import JsonLinesTracker, SilentTracker, Tracker
from lt4rec_core.training import predict as predicting
from lt4rec_core.training.loop import Trained, Watch, train
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.parallel import ALONE, World, joined, world
from lt4rec_core.training.plan import Plan

Make = Callable[..., Samples]
Work = Callable[[World], None]
NAMES = ("ctr", "cvr")


def together(work: Work, size: int = 2) -> list[int | None]:
    """Runs `work` in forked processes that are joined; returns their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(rank: int) -> None:
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": rank, "WORLD_SIZE": size}
        os.environ.update({name: str(value) for name, value in place.items()})
        with joined("cpu") as processes:
            work(processes)

    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run, args=(rank,)) for rank in range(size)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


@pytest.fixture
def fit(layout: Layout, small_model: Model, make_samples: Make) -> Callable[..., Trained]:
    """Trains the same network on 57 rows in batches of 8: the last one has a single row."""

    def fit(
        processes: World,
        state: Path,
        tracker: Tracker | None = None,
        mixed: bool = False,
        sharing: str = "connection_share",
        device: str = "cpu",
        **settings: float | str,
    ) -> Trained:
        samples = make_samples(57)
        net = build(sharing, layout, small_model, NAMES, torch.Generator().manual_seed(3))
        net = net.to(device)
        turns = {(name,): samples.population(TASKS[name]) for name in NAMES}
        plan = Plan({NAMES: torch.arange(57)} if mixed else turns, 8, 1, 1, "test")
        tasks = {**TASKS, **net.learned({name: TASKS[name] for name in NAMES})}
        averaging = float(settings.pop("averaging", 0.0))
        adam = Optimizer(**{"learning_rate": 0.01, **settings})
        weights = net.prunable("ctr")
        kept = prune(weights, dense(weights), dense(weights).total // 2) if weights else Mask({})
        masks = {"ctr": kept.to(device).tensors} if weights and not mixed else {}
        watch = Watch(every=4, keep="best", judged=NAMES)
        optimizer = MaskedAdam(dict(net.named_parameters()), adam)
        everything = (net, optimizer, plan, tasks, masks, samples, samples, watch, state)
        return train(*everything, tracker or SilentTracker(), device, averaging, processes)

    return fit


def keep(trained: Trained, path: Path) -> None:
    tensors = {**trained.weights, **trained.moments}
    text = json.dumps({name: values.tolist() for name, values in tensors.items()}, sort_keys=True)
    path.write_text(text)


def losses_of(path: Path) -> Mapping[tuple[str, int], float]:
    found = {}
    for line in map(json.loads, path.read_text().splitlines()):
        for name, value in line.get("metrics", {}).items():
            if name.startswith("loss_"):  # an AUC of so few rows jumps where two of them tie
                found[name, line["step"]] = value
    return found


@pytest.mark.parametrize(
    ("size", "settings"),
    [
        (2, {"averaging": 0.9}),
        (3, {"mixed": True, "clip_norm": 0.1}),
        (2, {"sharing": "snr", "mixed": True, "lazy_embeddings": False}),
    ],
)
def test_processes_train_as_one_does(
    fit: Callable[..., Trained], tmp_path: Path, settings: dict[str, float], size: int
) -> None:
    alone = fit(ALONE, tmp_path / "alone", JsonLinesTracker(tmp_path / "alone.jsonl"), **settings)

    def work(processes: World) -> None:
        tracker = JsonLinesTracker(tmp_path / f"{processes.rank}.jsonl")
        keep(fit(processes, tmp_path / "s", tracker, **settings), tmp_path / f"{processes.rank}")

    assert together(work, size) == [0] * size
    for rank in range(1, size):  # all bits, so that all cut the same mask
        assert (tmp_path / "0").read_text() == (tmp_path / f"{rank}").read_text()
    expected, seen = losses_of(tmp_path / "alone.jsonl"), losses_of(tmp_path / "0.jsonl")
    assert seen == pytest.approx(expected, abs=1e-5)
    keep(alone, tmp_path / "alone.json")
    one, all_of_them = (json.loads((tmp_path / name).read_text()) for name in ("alone.json", "0"))
    assert one.keys() == all_of_them.keys()


def test_only_the_first_process_writes(fit: Callable[..., Trained], tmp_path: Path) -> None:
    def work(processes: World) -> None:
        fit(processes, tmp_path / str(processes.rank))

    assert together(work) == [0, 0]
    assert (tmp_path / "0" / "manifest.json").is_file()
    assert not (tmp_path / "1").exists()


def test_a_sigterm_to_one_process_saves_and_a_later_run_ends_with_the_same_bits(
    fit: Callable[..., Trained], tmp_path: Path
) -> None:
    class Preempted(SilentTracker):
        def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
            if step == 5 and world().rank == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    def whole(processes: World) -> None:
        keep(fit(processes, tmp_path / "whole"), tmp_path / f"whole-{processes.rank}")

    def interrupted(processes: World) -> None:
        fit(processes, tmp_path / "s", Preempted())

    def resumed(processes: World) -> None:
        keep(fit(processes, tmp_path / "s"), tmp_path / f"resumed-{processes.rank}")

    assert together(whole) == [0, 0]
    assert together(interrupted) == [-signal.SIGTERM] * 2
    saved = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert saved["progress"]["step"] == 5
    assert together(resumed) == [0, 0]
    assert (tmp_path / "resumed-1").read_text() == (tmp_path / "whole-0").read_text()


def test_a_process_that_is_gone_stops_the_others_with_a_clear_word(
    fit: Callable[..., Trained], tmp_path: Path
) -> None:
    class Killed(SilentTracker):
        def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
            if step == 3 and world().rank == 1:
                os.kill(os.getpid(), signal.SIGKILL)

    def work(processes: World) -> None:
        with pytest.raises(WorkerError, match=r"lost touch.*run again: training goes\s+on"):
            fit(processes, tmp_path / "s", Killed())

    assert together(work) == [0, -signal.SIGKILL]


def test_a_loss_that_is_not_finite_in_one_share_stops_all(
    fit: Callable[..., Trained], tmp_path: Path
) -> None:
    def work(processes: World) -> None:
        with pytest.raises(TrainingError, match="learning rate"):
            fit(processes, tmp_path / "s", learning_rate=1e30)

    assert together(work) == [0, 0]


def test_predictions_made_in_parts_are_the_same_bits(
    layout: Layout,
    small_model: Model,
    make_samples: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(predicting, "_ROWS_AT_ONCE", 7)
    source = torch.Generator().manual_seed(3)
    net = build("layer_share", layout, small_model, NAMES, source)
    samples = make_samples(50)
    whole = predicting.predict(net, samples, "ctr", {}).tolist()

    def work(processes: World) -> None:
        assert predicting.predict(net, samples, "ctr", {}, world=processes).tolist() == whole

    assert together(work, 3) == [0, 0, 0]


def test_one_process_alone_exchanges_nothing() -> None:
    rows = torch.arange(5)
    assert world() is ALONE
    assert ALONE.share(rows) is rows
    assert ALONE.gather(rows) is rows
    assert ALONE.parts({"ctr": 3, "cvr": 0}) == {"ctr": 1.0}
    assert ALONE.decide(lambda: True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and torch built for it")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_trains_as_the_processor_does(
    fit: Callable[..., Trained], tmp_path: Path, precision: str
) -> None:
    def losses(device: str, precision: str) -> Mapping[tuple[str, int], float]:
        told = tmp_path / f"{device}.jsonl"
        fit(ALONE, tmp_path / device, JsonLinesTracker(told), device=device, precision=precision)
        return losses_of(told)

    close = 1e-4 if precision == "float32" else 0.02
    assert losses("cuda", precision) == pytest.approx(losses("cpu", "float32"), abs=close)
