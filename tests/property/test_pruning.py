from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import dense, overlap
from lt4rec_core.pruning.per_layer import per_layer, shares

small = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]), min_size=1, max_size=12)


@given(first=small, second=small, data=st.data())
def test_exactly_as_many_remain_as_asked_and_masks_are_nested(
    first: list[float], second: list[float], data: st.DataObject
) -> None:
    weights = {"a": torch.tensor(first), "b": torch.tensor(second)}
    ones = dense(weights)
    keep = data.draw(st.integers(0, ones.kept))
    fewer = data.draw(st.integers(0, keep))
    one = prune(weights, ones, keep)
    two = prune({name: -w for name, w in weights.items()}, one, fewer)
    assert (one.kept, two.kept) == (keep, fewer)
    assert two.is_within(one)
    assert one.is_within(ones)


@given(values=small, data=st.data())
def test_no_connection_cut_is_larger_than_one_kept(
    values: list[float], data: st.DataObject
) -> None:
    weights = {"a": torch.tensor(values)}
    keep = data.draw(st.integers(0, len(values)))
    kept = prune(weights, dense(weights), keep).tensors["a"]
    cut = weights["a"].abs()[~kept]
    left = weights["a"].abs()[kept]
    assert not len(cut) or not len(left) or cut.max() <= left.min()


@given(values=small, data=st.data())
def test_overlap_is_symmetric_and_one_with_itself(values: list[float], data: st.DataObject) -> None:
    weights = {"a": torch.tensor(values)}
    one = prune(weights, dense(weights), data.draw(st.integers(1, len(values))))
    other = prune({"a": -weights["a"].flip(0)}, dense(weights), 1)
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one) == 1.0


@given(kept=st.lists(st.integers(0, 40), min_size=1, max_size=6), data=st.data())
def test_layers_share_what_is_kept_exactly_and_in_proportion(
    kept: list[int], data: st.DataObject
) -> None:
    counts = {str(place): count for place, count in enumerate(kept)}
    keep = data.draw(st.integers(0, sum(kept)))
    split = shares(counts, keep)
    assert sum(split.values()) == keep
    for name, count in counts.items():
        assert 0 <= split[name] <= count
        assert abs(split[name] - keep * count / max(1, sum(kept))) < 1


@given(first=small, second=small, data=st.data())
def test_masks_cut_layer_by_layer_are_nested_and_their_counts_exact(
    first: list[float], second: list[float], data: st.DataObject
) -> None:
    weights = {"a": torch.tensor(first), "b": torch.tensor(second)}
    mask, cut = dense(weights), per_layer(prune)
    for _ in range(3):
        keep = data.draw(st.integers(0, mask.kept))
        following = cut(weights, mask, keep, torch.Generator())
        assert following.kept == keep
        assert following.is_within(mask)
        mask = following
