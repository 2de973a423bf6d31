from __future__ import annotations

import torch

from lt4rec_core.pruning import chance, magnitude
from lt4rec_core.pruning.mask import dense

WEIGHTS = {"a": torch.arange(40.0).view(4, 10), "b": torch.arange(20.0).view(1, 20)}


def source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_random_mask_keeps_exactly_as_many_as_a_found_one() -> None:
    for keep in (0, 1, 17, 60):
        found = magnitude.prune(WEIGHTS, dense(WEIGHTS), keep)
        assert chance.prune(WEIGHTS, dense(WEIGHTS), keep, source(0)).kept == found.kept == keep


def test_another_seed_draws_another_mask() -> None:
    one, two = (chance.prune(WEIGHTS, dense(WEIGHTS), 30, source(seed)) for seed in (0, 1))
    assert one.digest != two.digest


def test_weights_have_no_say() -> None:
    others = {name: -10 * values.flip(-1) for name, values in WEIGHTS.items()}
    one, two = (chance.prune(w, dense(w), 30, source(0)) for w in (WEIGHTS, others))
    assert one.digest == two.digest


def test_every_connection_is_as_likely_as_another() -> None:
    draws = [chance.prune(WEIGHTS, dense(WEIGHTS), 15, source(seed)) for seed in range(400)]
    shares = torch.stack([draw.tensors["a"].float() for draw in draws]).mean(0)
    assert (shares - 0.25).abs().max() < 0.1
