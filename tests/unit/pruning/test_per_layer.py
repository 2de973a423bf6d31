from __future__ import annotations

import pytest
import torch

from lt4rec_core.errors import ConfigError
from lt4rec_core.pruning import magnitude
from lt4rec_core.pruning.mask import dense
from lt4rec_core.pruning.per_layer import per_layer, shares
from lt4rec_core.pruning.registry import cut_of


def test_every_layer_loses_the_same_share_whatever_its_weights_are() -> None:
    weights = {"small": torch.tensor([0.1, 0.2, 0.3, 0.4]), "large": torch.tensor([5.0, 6.0])}
    mask = dense(weights)
    together = magnitude.prune(weights, mask, 3)
    apart = per_layer(magnitude.prune)(weights, mask, 3, torch.Generator())
    assert together.tensors["small"].tolist() == [False, False, False, True]
    assert apart.tensors["small"].tolist() == [False, False, True, True]
    assert apart.tensors["large"].tolist() == [False, True]


def test_of_equal_remainders_the_first_layer_keeps_more() -> None:
    assert shares({"a": 2, "b": 2}, 3) == {"a": 2, "b": 1}


def test_neurons_cannot_be_cut_layer_by_layer() -> None:
    with pytest.raises(ConfigError, match="neuron"):
        cut_of("neuron", "layer")


def test_an_unknown_cut_is_refused() -> None:
    with pytest.raises(ConfigError, match="magnitude"):
        cut_of("magnitud")
