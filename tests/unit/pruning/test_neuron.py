from __future__ import annotations

import torch

from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.pruning.neuron import prune


def layers(*rows: float) -> dict[str, torch.Tensor]:
    """Two hidden layers; row r of the first has the magnitude rows[r]."""
    first = torch.tensor(rows).unsqueeze(1).repeat(1, 3)
    second = torch.ones(2, len(rows))
    return {"over.0.weight": first, "over.1.weight": second, "output.weight": torch.ones(1, 2)}


def test_a_neuron_goes_with_what_it_reads_and_all_that_reads_it() -> None:
    weights = layers(3.0, 0.1, 2.0, 4.0)
    pruned = prune(weights, dense(weights), dense(weights).total - 1)
    assert pruned.tensors["over.0.weight"].all(dim=1).tolist() == [True, False, True, True]
    assert not pruned.tensors["over.0.weight"][1].any()
    assert pruned.tensors["over.1.weight"].all(dim=0).tolist() == [True, False, True, True]
    assert pruned.tensors["output.weight"].all()


def test_no_neuron_is_cut_in_part() -> None:
    source = torch.Generator().manual_seed(0)
    shapes = {"over.0.weight": (7, 11), "over.1.weight": (5, 7), "output.ctr.weight": (1, 5)}
    weights = {name: torch.randn(shape, generator=source) for name, shape in shapes.items()}
    mask = prune(weights, dense(weights), 50)
    rows = [kept.any(dim=1) for kept in mask.tensors.values()]
    columns = [torch.ones(11, dtype=torch.bool), *rows[:-1]]
    for kept, row, column in zip(mask.tensors.values(), rows, columns, strict=True):
        assert torch.equal(kept, row.unsqueeze(1) & column)
    assert all(row.any() for row in rows)


def test_it_stops_as_soon_as_few_enough_are_left() -> None:
    weights = layers(3.0, 0.1, 2.0, 4.0)  # 12 + 8 + 2 connections, 5 a neuron of the first layer
    for keep, left in ((22, 22), (21, 17), (17, 17), (16, 12)):
        assert prune(weights, dense(weights), keep).kept == left


def test_small_weights_of_a_whole_layer_are_no_reason_to_cut_it() -> None:
    weights = layers(3.0, 0.1, 2.0, 4.0)
    scaled = weights | {"over.0.weight": weights["over.0.weight"] * 1e-3}
    one, two = (prune(w, dense(w), 12).digest for w in (weights, scaled))
    assert one == two


def test_a_layer_keeps_its_last_neuron() -> None:
    weights = layers(3.0, 0.1, 2.0, 4.0)
    mask = prune(weights, dense(weights), 0)
    assert [int(kept.any(dim=1).sum()) for kept in mask.tensors.values()] == [1, 1, 1]
    assert mask.kept == 3 + 1 + 1


def test_the_strength_of_a_neuron_is_that_of_its_kept_weights() -> None:
    weights = layers(1.0, 1.0, 1.0)
    weights["over.0.weight"][0] = torch.tensor([9.0, 0.1, 0.1])
    partial = dense(weights).tensors["over.0.weight"].clone()
    partial[0, 0] = False
    mask = Mask({**dense(weights).tensors, "over.0.weight": partial})
    assert not prune(weights, mask, mask.kept - 1).tensors["over.0.weight"][0].any()
