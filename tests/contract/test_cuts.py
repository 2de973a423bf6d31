"""What holds for every way to make a mask sparser."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.errors import ArtifactError, TrainingError
from lt4rec_core.pruning.cut import Cut
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.pruning.per_layer import per_layer
from lt4rec_core.pruning.registry import CUTS

EVERY = CUTS | {f"{name} per layer": per_layer(CUTS[name]) for name in ("magnitude", "random")}
every_cut = pytest.mark.parametrize("cut", EVERY.values(), ids=EVERY.keys())


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def weights(seed: int = 0) -> dict[str, torch.Tensor]:
    shapes = {"over.0.weight": (6, 9), "over.1.weight": (4, 6), "output.ctr.weight": (1, 4)}
    source = chance(seed)
    return {name: torch.randn(shape, generator=source) for name, shape in shapes.items()}


@every_cut
@given(seed=st.integers(0, 50), share=st.floats(0.05, 1.0))
def test_masks_are_nested_and_never_above_the_count(cut: Cut, seed: int, share: float) -> None:
    drawn = weights(seed)
    mask = dense(drawn)
    for power in (1, 2, 3):
        keep = max(30, round(mask.total * share**power))
        following = cut(drawn, mask, min(keep, mask.kept), chance(power))
        assert following.is_within(mask)
        assert following.kept <= keep
        mask = following


@every_cut
def test_nothing_it_was_given_is_changed(cut: Cut) -> None:
    drawn, mask = weights(), dense(weights())
    cut(drawn, mask, 40, chance())
    assert mask.kept == mask.total
    assert all(torch.equal(drawn[name], values) for name, values in weights().items())


@every_cut
def test_the_same_inputs_give_the_same_mask(cut: Cut) -> None:
    one, two = (cut(weights(), dense(weights()), 40, chance()) for _ in range(2))
    assert one.digest == two.digest


@every_cut
def test_to_keep_all_cuts_nothing(cut: Cut) -> None:
    mask = dense(weights())
    assert cut(weights(), mask, mask.kept, chance()).digest == mask.digest


@every_cut
def test_weights_that_are_not_finite_are_refused(cut: Cut) -> None:
    broken = weights() | {"over.1.weight": torch.full((4, 6), torch.nan)}
    with pytest.raises(TrainingError, match="aren't finite"):
        cut(broken, dense(weights()), 10, chance())


@every_cut
def test_a_mask_of_another_network_is_refused(cut: Cut) -> None:
    with pytest.raises(ArtifactError, match="doesn't fit"):
        cut(weights(), Mask({"over.0.weight": torch.ones(2, 2, dtype=torch.bool)}), 1, chance())
