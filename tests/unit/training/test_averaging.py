from __future__ import annotations

import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.training.averaging import Averaging


@pytest.fixture
def network(layout: Layout, small_model: Model) -> Network:
    source = torch.Generator().manual_seed(0)
    return build("connection_share", layout, small_model, ["ctr", "cvr"], source)


def steps(network: Network, averaging: Averaging, count: int) -> list[torch.Tensor]:
    """Moves one bias by one a step; returns what it was after each."""
    bias, seen = dict(network.named_parameters())["over.0.bias"], []
    for _ in range(count):
        with torch.no_grad():
            bias += 1
        averaging.update()
        seen.append(bias.detach().clone())
    return seen


def test_without_a_decay_it_is_the_network_itself(network: Network) -> None:
    assert Averaging(network, 0.0).network is network
    assert not Averaging(network, 0.0).state()


def test_the_mean_forgets_by_the_decay_of_each_step(network: Network) -> None:
    averaging = Averaging(network, 0.4)
    seen = steps(network, averaging, 12)
    expected = seen[0]
    for n, weights in enumerate(seen[1:], start=1):
        decay = min(0.4, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * weights
    mean = dict(averaging.network.named_parameters())["over.0.bias"]
    torch.testing.assert_close(mean.detach(), expected)


def test_a_weight_that_nothing_moves_is_its_own_mean(network: Network) -> None:
    averaging = Averaging(network, 0.9)
    before = network.state_dict()["over.0.weight"].clone()
    steps(network, averaging, 5)
    assert torch.equal(averaging.network.state_dict()["over.0.weight"], before)


def test_a_loaded_mean_goes_on_alike(network: Network) -> None:
    one = Averaging(network, 0.9)
    steps(network, one, 3)
    other = Averaging(network, 0.9)
    other.load({name: values.clone() for name, values in one.state().items()})
    steps(network, one, 1)
    other.update()
    for name, values in one.network.state_dict().items():
        assert torch.equal(values, other.network.state_dict()[name])
