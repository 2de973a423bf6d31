"""What holds for every way in which tasks share a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.model.cost import kept_multiply_adds, multiply_adds, parameters
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import SHARING, build
from lt4rec_core.pruning.mask import dense
from lt4rec_core.pruning.registry import CUTS
from lt4rec_core.tasks import TASKS, Task
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.loop import Trained, Watch, train
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.predict import validation_metrics

Make = Callable[..., Samples]
every_arm = pytest.mark.parametrize("arm", SHARING)
LIKE = dataclasses.replace(TASKS["ctr"], name="like", label="like", weight=0.5)


def tasks_of(arm: str, number: int = 2) -> dict[str, Task]:
    """As many tasks as the arm's network may hold."""
    known = {"ctr": TASKS["ctr"], "cvr": TASKS["cvr"], "like": LIKE}
    return dict(list(known.items())[: 1 if arm == "single_task" else number])


def network(arm: str, layout: Layout, model: Model, number: int = 2, seed: int = 0) -> Network:
    source = torch.Generator().manual_seed(seed)
    return build(arm, layout, model, list(tasks_of(arm, number)), source)


def with_likes(samples: Samples) -> Samples:
    likes = (samples.ids[samples.starts[:-1].long()] % 2).float()
    return dataclasses.replace(samples, labels={**samples.labels, "like": likes})


def fit(
    arm: str, net: Network, samples: Samples, state: Path, number: int = 2, epochs: float = 14.0
) -> Trained:
    tasks = tasks_of(arm, number)
    learned = net.learned(tasks)
    mixed = {tuple(learned): torch.arange(samples.rows)}
    in_turn = {(name,): samples.population(task) for name, task in learned.items()}
    plan = Plan(
        populations=mixed if SHARING[arm].batches == "mixed" else in_turn,
        batch_size=16,
        epochs=epochs,
        seed=1,
        purpose="test",
    )
    optimizer = MaskedAdam(dict(net.named_parameters()), Optimizer(learning_rate=0.02))
    masks = {task: dense(net.prunable(task)).tensors for task in tasks} if SHARING[arm].cut else {}
    watch = Watch(every=plan.steps_per_epoch, judged=tuple(tasks))
    every = {**tasks, **learned}
    tracker = SilentTracker()
    return train(net, optimizer, plan, every, masks, samples, samples, watch, state, tracker)


@every_arm
def test_predicts_every_task_by_itself_and_among_others(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, batch = network(arm, layout, small_model), make_samples(9).batch(torch.arange(9))
    names = list(tasks_of(arm))
    together = net(batch, names, {})
    assert list(together) == names
    for name in names:
        assert together[name].shape == (9,)
        alone = net(batch, [name], {})[name]
        torch.testing.assert_close(alone, together[name])


@every_arm
def test_forward_changes_no_value(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, batch = network(arm, layout, small_model), make_samples(9).batch(torch.arange(9))
    before = {name: values.clone() for name, values in net.state_dict().items()}
    chance = torch.get_rng_state()
    net(dataclasses.replace(batch, draw=7), list(tasks_of(arm)), {})
    assert all(torch.equal(before[name], values) for name, values in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance)


@every_arm
def test_the_seed_alone_makes_the_network(arm: str, layout: Layout, small_model: Model) -> None:
    torch.manual_seed(1)
    one = network(arm, layout, small_model).state_dict()
    torch.manual_seed(2)
    two, other = (network(arm, layout, small_model, seed=seed).state_dict() for seed in (0, 1))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["embeddings.weight"], other["embeddings.weight"])


@every_arm
def test_predictions_draw_nothing_and_a_draw_can_be_repeated(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, batch = network(arm, layout, small_model), make_samples(9).batch(torch.arange(9))
    for draw in (None, 3):
        drawn = dataclasses.replace(batch, draw=draw)
        one, two = (net(drawn, list(tasks_of(arm)), {}) for _ in range(2))
        assert all(torch.equal(one[name], two[name]) for name in one)


@every_arm
def test_dropout_is_for_training_alone(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    leaky = dataclasses.replace(small_model, dropout=0.9)
    (net, same), batch = (
        (network(arm, layout, model) for model in (leaky, small_model)),
        make_samples(9).batch(torch.arange(9)),
    )
    names = list(tasks_of(arm))
    whole, torn = same(batch, names, {}), net(batch, names, {})
    assert any(not torch.equal(whole[name], torn[name]) for name in names)
    net.eval()
    still = net(batch, names, {})
    assert all(torch.equal(whole[name], still[name]) for name in names)


@every_arm
def test_what_is_learned_is_on_rows_that_exist_and_can_be_predicted(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, samples = network(arm, layout, small_model), make_samples(20)
    learned = net.learned(tasks_of(arm))
    logits = net(samples.batch(torch.arange(20)), list(learned), {})
    assert list(logits) == list(learned)
    for name, task in learned.items():
        assert task.name == name
        assert len(samples.population(task)) > 0
        assert torch.isfinite(logits[name]).all()


@every_arm
def test_every_value_is_reached_by_some_task(
    arm: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, batch = network(arm, layout, small_model), make_samples(64).batch(torch.arange(64))
    learned = list(net.learned(tasks_of(arm)))
    total = sum(logits.sum() for logits in net(batch, learned, {}).values())
    (total + net.penalty(learned)).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@every_arm
@pytest.mark.parametrize("number", [2, 3])
def test_the_loop_trains_it(
    arm: str, number: int, layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    # An output layer for each task: under masks that cut nothing, one for all could not
    # tell the tasks apart.
    model = dataclasses.replace(small_model, output="owned")
    samples, net = with_likes(make_samples(192)), network(arm, layout, model, number)
    tasks = tasks_of(arm, number)
    before = validation_metrics(net, samples, list(tasks.values()), {})
    after = fit(arm, net, samples, tmp_path / "s", number).metrics
    assert set(after) == set(tasks)
    for name, task in tasks.items():
        if task.metric == "mse":
            assert after[name] < 0.8 * before[name]
        else:
            assert after[name] > max(0.6, before[name])


@every_arm
def test_the_same_seed_trains_to_the_same_bits(
    arm: str, layout: Layout, small_model: Model, make_samples: Make, tmp_path: Path
) -> None:
    one, two = (
        fit(arm, network(arm, layout, small_model), make_samples(48), tmp_path / place, epochs=2)
        for place in "ab"
    )
    assert all(torch.equal(one.weights[name], two.weights[name]) for name in one.weights)


@every_arm
def test_masks_range_over_layers_exactly_where_they_are_cut(
    arm: str, layout: Layout, small_model: Model
) -> None:
    net = network(arm, layout, small_model)
    for task in tasks_of(arm):
        layers = net.layers(task)
        if SHARING[arm].cut:
            assert SHARING[arm].cut in CUTS
            assert net.prunable(task).keys() <= layers.keys()
            assert net.prunable(task)
        assert all(weight.ndim == 2 for weight in layers.values())


@every_arm
def test_its_cost_is_that_of_its_layers(arm: str, layout: Layout, small_model: Model) -> None:
    net = network(arm, layout, small_model)
    assert parameters(net) == sum(values.numel() for values in net.state_dict().values())
    layers = {
        name: weight.numel()
        for name, weight in net.named_parameters()
        if name.endswith(".weight") and not name.startswith("embeddings.")
    }
    beside = 3 * 3 * 4 + net.mixing(net.tasks)
    assert multiply_adds(net, layout) == sum(layers.values()) + beside
    alone = sum(w.numel() for task in net.tasks for w in net.layers(task).values())
    assert kept_multiply_adds(net, layout, {}) == alone + beside
