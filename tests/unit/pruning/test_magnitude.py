from __future__ import annotations

import pytest
import torch

from lt4rec_core.errors import ArtifactError, TrainingError
from lt4rec_core.pruning.magnitude import kept_per_round, prune
from lt4rec_core.pruning.mask import Mask, dense


def test_the_smallest_magnitudes_of_all_layers_together_are_cut() -> None:
    weights = {"a": torch.tensor([3.0, -0.1]), "b": torch.tensor([-2.0, 0.2])}
    pruned = prune(weights, dense(weights), keep=2)
    assert pruned.tensors["a"].tolist() == [True, False]
    assert pruned.tensors["b"].tolist() == [True, False]


def test_of_equal_magnitudes_the_first_are_cut() -> None:
    weights = {"a": torch.tensor([1.0, -1.0, 1.0, 1.0])}
    assert prune(weights, dense(weights), keep=1).tensors["a"].tolist() == [False] * 3 + [True]


def test_what_is_cut_stays_cut_however_large_its_weight() -> None:
    mask = Mask({"a": torch.tensor([False, True, True])})
    pruned = prune({"a": torch.tensor([9.0, 1.0, 2.0])}, mask, keep=1)
    assert pruned.tensors["a"].tolist() == [False, False, True]


def test_pruning_leaves_the_mask_it_was_given() -> None:
    weights = {"a": torch.tensor([1.0, 2.0])}
    mask = dense(weights)
    prune(weights, mask, keep=1)
    assert mask.kept == 2


def test_weights_that_are_not_finite_are_refused() -> None:
    weights = {"a": torch.tensor([1.0, float("nan")])}
    with pytest.raises(TrainingError, match="aren't finite"):
        prune(weights, dense(weights), keep=1)


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ArtifactError, match="doesn't fit"):
        prune({"b": torch.ones(2)}, dense({"a": torch.ones(2)}), keep=1)


def test_more_than_is_left_cannot_be_kept() -> None:
    weights = {"a": torch.ones(2)}
    with pytest.raises(ValueError, match="can't keep 3 of 2"):
        prune(weights, dense(weights), keep=3)


def test_rounds_arrive_at_the_final_density() -> None:
    assert kept_per_round(1000, 3, 0.125, 0.0) == (1000, 500, 250, 125)


def test_a_given_rate_takes_the_place_of_the_final_density() -> None:
    assert kept_per_round(1000, 2, 0.125, 0.1) == (1000, 900, 810)
