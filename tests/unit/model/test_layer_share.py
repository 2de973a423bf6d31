"""Layer_Share is what the paper says that disjoint masks come to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.training.optimizer import MaskedAdam

TASKS = ("ctr", "cvr")


def halves(net: Network) -> dict[str, dict[str, torch.Tensor]]:
    """CTR owns the first half of each layer's neurons with what runs between them, CVR the other.

    The masks have no connection in common; what runs from one half to the other is cut.
    """
    masks: dict[str, dict[str, torch.Tensor]] = {}
    for place, task in enumerate(TASKS):
        masks[task] = {}
        for name, weight in net.prunable(task).items():
            rows, columns = (torch.ones(size, dtype=torch.bool) for size in weight.shape)
            if not name.startswith("output"):
                rows = torch.arange(len(rows)) * 2 // len(rows) == place
            if name != "over.0.weight":
                columns = torch.arange(len(columns)) * 2 // len(columns) == place
            masks[task][name] = rows.unsqueeze(1) & columns
    return masks


def split(net: Network, towers: Network, what: Callable[..., torch.Tensor]) -> dict[str, object]:
    """Returns by tower parameter the part of `net`'s that lies under the tower's mask."""
    parts = {"embeddings.weight": what(net, "embeddings.weight")}
    for place, task in enumerate(TASKS):
        for layer, size in enumerate((4, 3)):
            own = slice(place * size, (place + 1) * size)
            below = slice(None) if layer == 0 else slice(place * 4, (place + 1) * 4)
            parts[f"over.{task}.{layer}.weight"] = what(net, f"over.{layer}.weight")[own, below]
            parts[f"over.{task}.{layer}.bias"] = what(net, f"over.{layer}.bias")[own]
        last = slice(place * 3, (place + 1) * 3)
        parts[f"output.{task}.weight"] = what(net, f"output.{task}.weight")[:, last]
        parts[f"output.{task}.bias"] = what(net, f"output.{task}.bias")
    assert parts.keys() == towers.state_dict().keys()
    return parts


def value(net: Network, name: str) -> torch.Tensor:
    return net.state_dict()[name]


def gradient(net: Network, name: str) -> torch.Tensor:
    found = dict(net.named_parameters())[name].grad
    return torch.zeros(1, 99) if found is None else found.to_dense()


@pytest.fixture
def pair(layout: Layout) -> tuple[Network, Network]:
    """One network of 8 and 6 neurons, and towers of 4 and 3 with the weights of its halves."""
    source = torch.Generator().manual_seed(0)
    wide = Model(embedding_dim=4, hidden=(8, 6), output="owned")
    net = build("connection_share", layout, wide, TASKS, source)
    narrow = dataclasses.replace(wide, hidden=(4, 3))
    towers = build("layer_share", layout, narrow, TASKS, source)
    towers.load_state_dict(split(net, towers, value))
    return net, towers


def test_disjoint_masks_predict_as_towers_do(
    pair: tuple[Network, Network], make_samples: Callable[..., Samples]
) -> None:
    net, towers = pair
    batch = make_samples(30).batch(torch.arange(30))
    seen, expected = net(batch, TASKS, halves(net)), towers(batch, TASKS, {})
    for task in TASKS:
        torch.testing.assert_close(seen[task], expected[task])


@pytest.mark.parametrize("task", TASKS)
def test_disjoint_masks_have_the_gradients_of_towers(
    task: str, pair: tuple[Network, Network], make_samples: Callable[..., Samples]
) -> None:
    """Of all parameters: the embeddings and biases, which no mask covers, included."""
    net, towers = pair
    batch = make_samples(30).batch(torch.arange(30))
    net(batch, [task], halves(net))[task].square().sum().backward()
    towers(batch, [task], {})[task].square().sum().backward()
    for name, part in split(net, towers, gradient).items():
        if name.startswith("embeddings") or f".{task}." in name:
            torch.testing.assert_close(part, gradient(towers, name))
        else:
            assert not part.any()


def test_disjoint_masks_train_as_towers_do_while_what_no_mask_covers_is_held(
    pair: tuple[Network, Network], make_samples: Callable[..., Samples]
) -> None:
    """Biases are shared by all masks, so Adam's momentum of one task would move the other's."""
    net, towers = pair
    samples, masks = make_samples(60), halves(net)
    optimizers = {
        one: MaskedAdam(
            {
                name: parameter
                for name, parameter in one.named_parameters()
                if name.endswith(".weight") and not name.startswith("embeddings.")
            },
            Optimizer(learning_rate=0.05),
        )
        for one in pair
    }
    for step in range(20):
        task = TASKS[step % 3 % 2]
        batch = samples.batch(torch.arange(step, step + 30))
        for one, seen in ((net, masks), (towers, {})):
            optimizers[one].zero_grad()
            (one(batch, [task], seen)[task] - 1).square().mean().backward()
            optimizers[one].step(seen.get(task, {}))
    before = build(
        "connection_share",
        net.embeddings.layout,
        Model(embedding_dim=4, hidden=(8, 6), output="owned"),
        TASKS,
        torch.Generator().manual_seed(0),
    )
    for name, part in split(net, towers, value).items():
        torch.testing.assert_close(part, value(towers, name), rtol=1e-4, atol=1e-6)
    assert not torch.equal(value(before, "over.0.weight"), value(net, "over.0.weight"))


def test_a_task_moves_no_other_task_s_tower(
    layout: Layout, small_model: Model, make_samples: Callable[..., Samples]
) -> None:
    net = build("layer_share", layout, small_model, TASKS, torch.Generator().manual_seed(0))
    net(make_samples(9).batch(torch.arange(9)), ["ctr"], {})["ctr"].sum().backward()
    reached = {name for name, p in net.named_parameters() if p.grad is not None}
    assert reached == {
        "embeddings.weight",
        *(name for name in net.state_dict() if ".ctr." in name),
    }
