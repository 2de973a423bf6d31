from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import TrainingError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import JsonLinesTracker, SilentTracker, Tracker
from lt4rec_core.training.checkpoint import open_checkpoint
from lt4rec_core.training.loop import Trained, Watch, train
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.plan import Plan

Make = Callable[..., Samples]


class KilledError(Exception):
    """Stands for a SIGKILL."""


class KillsAt(SilentTracker):
    def __init__(self, step: int) -> None:
        self.step = step

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        if step >= self.step:
            raise KilledError


def network(
    layout: Layout, model: Model, output: Literal["shared", "owned"] = "shared", dropout: float = 0
) -> Network:
    source = torch.Generator().manual_seed(3)
    settings = dataclasses.replace(model, output=output, dropout=dropout)
    return build("connection_share", layout, settings, ["ctr", "cvr"], source)


def halves(net: Network) -> dict[str, Mask]:
    """A mask of the larger half for CTR, and one of the smaller half for CVR."""
    weights = net.prunable("ctr")
    large = prune(weights, dense(weights), dense(weights).total // 2)
    return {"ctr": large, "cvr": Mask({name: ~kept for name, kept in large.tensors.items()})}


def fit(
    net: Network,
    samples: Samples,
    state: Path,
    masks: Mapping[str, Mask] = {},
    tasks: tuple[str, ...] = ("ctr", "cvr"),
    tracker: Tracker | None = None,
    watch: Watch = Watch(every=4),  # noqa: B008
    **settings: float,
) -> Trained:
    plan = Plan(
        populations={(name,): samples.population(TASKS[name]) for name in tasks},
        batch_size=8,
        epochs=settings.pop("epochs", 2.0),
        seed=1,
        purpose="test",
    )
    averaging = settings.pop("averaging", 0.0)
    optimizer = MaskedAdam(
        dict(net.named_parameters()), Optimizer(**{"learning_rate": 0.01, **settings})
    )
    kept = {name: mask.tensors for name, mask in masks.items()}
    tracker = tracker or SilentTracker()
    return train(
        net,
        optimizer,
        plan,
        TASKS,
        kept,
        samples,
        samples,
        watch,
        state,
        tracker,
        averaging=averaging,
    )


def test_training_learns(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    samples = make_samples(256)
    trained = fit(network(layout, small_model, "owned"), samples, tmp_path / "s", epochs=20)
    first, last = trained.progress.history[0]["metrics"], trained.progress.history[-1]["metrics"]
    assert last["ctr"] > max(0.6, first["ctr"])
    assert last["cvr"] < 0.8 * first["cvr"]


@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("task", ["ctr", "cvr"])
def test_a_task_leaves_the_other_task_s_connections_bit_identical(
    task: str,
    averaging: float,
    layout: Layout,
    small_model: Model,
    make_samples: Make,
    tmp_path: Path,
) -> None:
    net = network(layout, small_model)
    masks = halves(net)
    before = {name: weight.detach().clone() for name, weight in net.prunable(task).items()}
    extras = {"weight_decay": 0.1, "averaging": averaging}
    trained = fit(net, make_samples(), tmp_path / "s", masks, tasks=(task,), **extras)
    for name, kept in masks[task].tensors.items():
        after = trained.weights[name]
        assert torch.equal(after[~kept].view(torch.int32), before[name][~kept].view(torch.int32))
        assert not torch.equal(after[kept], before[name][kept])
        for moment in ("mean", "variance"):
            assert not trained.moments[f"{name}:{moment}"][~kept].any()


@pytest.mark.parametrize("extra", [0.0, 0.5])
def test_a_killed_training_goes_on_to_the_same_bits(
    extra: float, layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    samples, masks = make_samples(), halves(network(layout, small_model))

    def attempt(name: str, tracker: Tracker | None = None) -> Trained:
        net = network(layout, small_model, dropout=extra)
        return fit(net, samples, tmp_path / name, masks, tracker=tracker, averaging=extra)

    whole = attempt("whole")
    for step in (1, 5, 9):
        with pytest.raises(KilledError):
            attempt("cut", KillsAt(step))
    resumed = attempt("cut")
    assert resumed.progress == whole.progress
    for name, weight in whole.weights.items():
        assert torch.equal(resumed.weights[name], weight)
    for name, moment in whole.moments.items():
        assert torch.equal(resumed.moments[name], moment)


def test_the_same_seed_gives_the_same_weights(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    one, two = (fit(network(layout, small_model), make_samples(), tmp_path / k) for k in "ab")
    assert all(torch.equal(one.weights[name], two.weights[name]) for name in one.weights)


def test_the_best_look_is_kept_and_patience_ends_training(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    watch = Watch(every=2, patience=2, keep="best")
    trained = fit(
        network(layout, small_model), make_samples(), tmp_path / "s", watch=watch, epochs=40
    )
    skills = [look["skill"] for look in trained.progress.history]
    assert trained.progress.best_skill == max(skills)
    assert len(skills) - 1 - skills.index(max(skills)) <= 2
    assert trained.metrics == trained.progress.best_metrics


def test_owned_output_layers_belong_to_one_task(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    net = network(layout, small_model, "owned")
    before = net.state_dict()["output.cvr.weight"].clone()
    trained = fit(net, make_samples(), tmp_path / "s", tasks=("ctr",))
    assert torch.equal(trained.weights["output.cvr.weight"], before)
    assert "output.cvr.weight" not in net.prunable("ctr")


def test_a_loss_that_is_not_finite_stops_training(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    net = network(layout, small_model)
    with torch.no_grad():
        net.embeddings.weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="loss of ctr"):
        fit(net, make_samples(), tmp_path / "s", tasks=("ctr",))


def test_without_a_defined_metric_training_goes_on_and_keeps_its_last_weights(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    samples = make_samples()
    samples.labels["click"].zero_()[:8] = 1
    nobody = replace(samples, labels={**samples.labels, "click": torch.zeros(samples.rows)})
    net = network(layout, small_model)
    watch = Watch(every=2, patience=1, keep="best")
    plan = Plan({("ctr",): torch.arange(samples.rows)}, 8, 3.0, seed=1, purpose="test")
    optimizer = MaskedAdam(dict(net.named_parameters()), Optimizer())
    told = JsonLinesTracker(tmp_path / "told")
    trained = train(
        net, optimizer, plan, TASKS, {}, samples, nobody, watch, tmp_path / "state", told
    )
    assert trained.metrics == {}
    assert trained.progress.step == trained.progress.best_step == plan.steps
    assert all(torch.equal(trained.weights[k], v) for k, v in net.state_dict().items())
    assert "auc of ctr isn't defined on the validation rows" in (tmp_path / "told").read_text()


def test_a_batch_without_a_row_of_any_task_changes_nothing(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    samples = make_samples()
    rows = (samples.labels["click"] == 0).nonzero().squeeze(1)
    net = network(layout, small_model)
    before = {name: values.clone() for name, values in net.state_dict().items()}
    plan = Plan({("cvr",): rows}, 8, 1.0, seed=1, purpose="test")
    optimizer = MaskedAdam(dict(net.named_parameters()), Optimizer(weight_decay=0.1))
    watch, state = Watch(every=100), tmp_path / "state"
    trained = train(
        net, optimizer, plan, TASKS, {}, samples, samples, watch, state, SilentTracker()
    )
    assert all(torch.equal(trained.weights[name], values) for name, values in before.items())


class PreemptsAt(SilentTracker):
    """Sends SIGTERM to this process, as a cluster does that wants its node back."""

    def __init__(self, step: int) -> None:
        self.step = step

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def on_sigterm() -> Iterator[None]:
    """Whoever handles SIGTERM raises KilledError."""

    def die(number: int, frame: object) -> None:
        raise KilledError

    former = signal.signal(signal.SIGTERM, die)
    yield
    signal.signal(signal.SIGTERM, former)


@pytest.mark.parametrize("watch", [Watch(every=100), Watch(every=2, keep="best")])
def test_a_preempted_training_saves_where_it_is_and_ends_with_the_same_bits(
    watch: Watch,
    on_sigterm: None,
    layout: Layout,
    small_model: Model,
    make_samples: Make,
    tmp_path: Path,
) -> None:
    samples, state = make_samples(), tmp_path / "preempted"
    whole = fit(network(layout, small_model), samples, tmp_path / "whole", watch=watch)
    with pytest.raises(KilledError):
        fit(network(layout, small_model), samples, state, watch=watch, tracker=PreemptsAt(5))
    assert open_checkpoint(state, "training_state").manifest["progress"]["step"] == 5
    resumed = fit(network(layout, small_model), samples, state, watch=watch)
    assert all(torch.equal(whole.weights[name], w) for name, w in resumed.weights.items())
    assert all(torch.equal(whole.moments[name], m) for name, m in resumed.moments.items())
    assert resumed.metrics == whole.metrics


def test_a_preempted_training_never_passes_for_a_whole_one(
    layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    former = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(TrainingError, match="stopped by SIGTERM"):
            fit(network(layout, small_model), make_samples(), tmp_path / "s", tracker=PreemptsAt(5))
    finally:
        signal.signal(signal.SIGTERM, former)
