"""Each rival is checked by what only a right one has: it becomes another arm at its edge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.interaction import interact
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.model.sharing.snr import GAMMA, ZETA, hard_concrete
from lt4rec_core.pruning.mask import dense

Make = Callable[..., Samples]
NAMES = ("ctr", "cvr", "like")
SMALL = Model(embedding_dim=4, hidden=(8, 6))


def network(arm: str, layout: Layout, seed: int = 0, **settings: object) -> Network:
    model = dataclasses.replace(SMALL, **settings)  # type: ignore[arg-type]
    return build(arm, layout, model, NAMES, torch.Generator().manual_seed(seed))


def with_values_of(net: Network, other: Network, names: Mapping[str, str]) -> Network:
    """Gives `net` the values of `other`, whose names follow from net's by replacing parts."""
    values = other.state_dict()
    taken = set()
    state = net.state_dict()
    for name in state:
        source = name
        for before, after in names.items():
            source = source.replace(before, after)
        if source in values:
            state[name] = values[source]
            taken.add(source)
    assert taken == set(values), "every value of the other network is used"
    net.load_state_dict(state)
    return net


def same(one: Network, other: Network, samples: Samples) -> None:
    """They predict alike, and pull alike at the embeddings they share."""
    batch = samples.batch(torch.arange(samples.rows))
    seen, expected = one(batch, NAMES, {}), other(batch, NAMES, {})
    for name in NAMES:
        torch.testing.assert_close(seen[name], expected[name])
    for net, logits in ((one, seen), (other, expected)):
        sum(
            (place + 1) * logits[name].square().sum() for place, name in enumerate(NAMES)
        ).backward()
        assert net.embeddings.weight.grad is not None
    torch.testing.assert_close(
        one.embeddings.weight.grad.to_dense(),  # type: ignore[union-attr]
        other.embeddings.weight.grad.to_dense(),  # type: ignore[union-attr]
    )


def test_mmoe_with_one_expert_is_full_share(layout: Layout, make_samples: Make) -> None:
    full = network("full_share", layout, seed=1)
    single = network("mmoe", layout, experts=1, tower_layers=0)
    same(with_values_of(single, full, {"experts.0.": "over."}), full, make_samples(20))


def test_mmoe_with_equal_experts_does_not_care_for_its_gates(
    layout: Layout, make_samples: Make
) -> None:
    full = network("full_share", layout, seed=1)
    many = network("mmoe", layout, experts=3, tower_layers=0, expert_hidden=(8, 6))
    names = {f"experts.{place}.": "over." for place in range(3)}
    same(with_values_of(many, full, names), full, make_samples(20))


def test_an_mmoe_gate_that_is_sure_hears_one_expert(layout: Layout, make_samples: Make) -> None:
    net = network("mmoe", layout, experts=2, tower_layers=0, expert_hidden=(8, 6))
    full = network("full_share", layout, seed=1)
    with_values_of(net, full, {"experts.1.": "over."})
    batch = make_samples(20).batch(torch.arange(20))
    for row in range(20):
        inputs_I = interact(net.embeddings(batch), net.crossing)[row]
        with torch.no_grad():
            net.gates["ctr"].weight.copy_(torch.stack([-inputs_I, inputs_I]) * 1e6)
        seen = net(batch, ["ctr"], {})["ctr"][row]
        torch.testing.assert_close(seen, full(batch, ["ctr"], {})["ctr"][row])


@pytest.mark.parametrize("tower_layers", [0, 1])
def test_ple_without_shared_experts_is_layer_share(
    tower_layers: int, layout: Layout, make_samples: Make
) -> None:
    towers = network("layer_share", layout, seed=1)
    below = SMALL.hidden[: 2 - tower_layers]
    net = network("ple", layout, experts=0, expert_hidden=below, tower_layers=tower_layers)
    names = {f"towers.{task}.0.": f"over.{task}.1." for task in NAMES}
    for level in range(2 - tower_layers):
        names |= {f"levels.{level}.own.{task}.0.0.": f"over.{task}.{level}." for task in NAMES}
    same(with_values_of(net, towers, names), towers, make_samples(20))


def test_ple_without_shared_experts_lets_no_task_reach_another(
    layout: Layout, make_samples: Make
) -> None:
    for shared, reached in ((0, False), (1, True)):
        net = network("ple", layout, experts=shared, tower_layers=0, expert_hidden=(4, 3))
        net(make_samples(20).batch(torch.arange(20)), ["ctr"], {})["ctr"].sum().backward()
        first = net.get_parameter("levels.0.own.cvr.0.0.weight").grad
        last = net.get_parameter("levels.1.own.cvr.0.0.weight").grad
        assert (first is not None) is reached
        assert last is None, "the last level's experts of a task serve it alone"


def test_ple_with_one_level_of_equal_experts_is_full_share(
    layout: Layout, make_samples: Make
) -> None:
    full = network("full_share", layout, seed=1, hidden=(8,))
    net = network("ple", layout, hidden=(8,), tower_layers=0, expert_hidden=(8,), experts=2)
    names = {f"levels.0.own.{task}.0.": "over." for task in NAMES}
    names |= {f"levels.0.shared.{place}.": "over." for place in range(2)}
    same(with_values_of(net, full, names), full, make_samples(20))


def opened(net: Network, log_alpha: float = 50.0) -> Network:
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "routes" in name:
                parameter.fill_(log_alpha)
    return net


def test_snr_with_all_gates_open_is_full_share(layout: Layout, make_samples: Make) -> None:
    full = network("full_share", layout, seed=1)
    net = opened(network("snr", layout, experts=2, tower_layers=0))
    names = {f"towers.{task}.0.": f"output.{task}." for task in NAMES}
    same(with_values_of(net, full, names), full, make_samples(20))


def test_open_gates_stay_open_in_every_draw(layout: Layout, make_samples: Make) -> None:
    net = opened(network("snr", layout, experts=2))
    batch = make_samples(20).batch(torch.arange(20))
    drawn = net(dataclasses.replace(batch, draw=5), NAMES, {})
    assert all(torch.equal(drawn[name], net(batch, NAMES, {})[name]) for name in NAMES)


def test_snr_with_all_gates_closed_says_its_biases(layout: Layout, make_samples: Make) -> None:
    net = opened(network("snr", layout, experts=2, tower_layers=0), -50.0)
    with torch.no_grad():
        net.towers["ctr"][0].bias.fill_(0.7)
    logits = net(make_samples(20).batch(torch.arange(20)), ["ctr"], {})["ctr"]
    assert torch.equal(logits, torch.full((20,), 0.7))


def test_a_closed_gate_cuts_one_sub_network_off_one_task(
    layout: Layout, make_samples: Make
) -> None:
    net = network("snr", layout, experts=2, tower_layers=0)
    batch = make_samples(20).batch(torch.arange(20))
    before = net(batch, NAMES, {})
    with torch.no_grad():
        net.task_routes["ctr"][0, 1] = -50.0
    after = net(batch, NAMES, {})
    assert torch.equal(before["cvr"], after["cvr"])
    assert not torch.equal(before["ctr"], after["ctr"])
    with torch.no_grad():
        net.towers["ctr"][0].weight[:, 3:] = 9.0  # what reads the second sub-network
    assert torch.equal(after["ctr"], net(batch, NAMES, {})["ctr"])


def test_hard_concrete_gates_are_as_often_closed_as_their_formula_says() -> None:
    log_alpha = torch.full((20_000,), -1.0)
    drawn = hard_concrete(log_alpha, torch.Generator().manual_seed(0))
    expected = torch.sigmoid(log_alpha[0] - 2 / 3 * torch.log(torch.tensor(-GAMMA / ZETA)))
    assert float((drawn > 0).float().mean()) == pytest.approx(float(expected), abs=0.02)
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_the_penalty_counts_the_gates_that_are_open(layout: Layout) -> None:
    net = opened(network("snr", layout, experts=2, tower_layers=0, gate_penalty=0.5))
    assert float(net.penalty(["ctr"]).detach()) == pytest.approx(0.5 * (4 + 2))
    assert float(net.penalty(NAMES).detach()) == pytest.approx(0.5 * (4 + 3 * 2))
    assert float(opened(net, -50.0).penalty(NAMES).detach()) == pytest.approx(0.0)


def test_full_share_is_connection_share_under_dense_masks(
    layout: Layout, make_samples: Make
) -> None:
    full = network("full_share", layout)
    net = network("connection_share", layout, output="owned")
    batch = make_samples(20).batch(torch.arange(20))
    masks = {task: dense(net.prunable(task)).tensors for task in NAMES}
    seen, expected = net(batch, NAMES, masks), full(batch, NAMES, {})
    assert all(torch.equal(seen[name], expected[name]) for name in NAMES)


def test_neuron_share_refuses_to_cut_neurons_in_part(layout: Layout) -> None:
    with pytest.raises(ConfigError, match=r"leaves out \['over\.0\.weight'\]"):
        network("neuron_share", layout, prunable=("over.1.weight",))


@pytest.mark.parametrize("arm", ["mmoe", "snr"])
def test_no_expert_at_all_is_refused(arm: str, layout: Layout) -> None:
    with pytest.raises(ConfigError, match="at least one expert"):
        network(arm, layout, experts=0)


@pytest.mark.parametrize("arm", ["mmoe", "snr", "ple"])
@pytest.mark.parametrize("tower_layers", [2, 3])
def test_towers_that_leave_no_layer_for_experts_are_refused(
    arm: str, tower_layers: int, layout: Layout
) -> None:
    with pytest.raises(ConfigError, match="no layer for experts"):
        network(arm, layout, tower_layers=tower_layers)


@pytest.mark.parametrize("arm", ["mmoe", "ple"])
def test_experts_together_have_the_first_layer_of_the_base_network(
    arm: str, layout: Layout
) -> None:
    net = network(arm, layout, hidden=(20, 6), experts=2 if arm == "ple" else 5)
    first = [
        weight.numel()
        for name, weight in net.named_parameters()
        if name.endswith(".0.weight") and ("experts" in name or "own" in name or "shared" in name)
    ]
    base = network("full_share", layout, hidden=(20, 6)).get_parameter("over.0.weight")
    assert len(first) == 5
    assert sum(first) == base.numel()
