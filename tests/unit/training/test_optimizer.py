from __future__ import annotations

import pytest
import torch
from pytest import MonkeyPatch
from torch import nn

from lt4rec_core.config import Optimizer
from lt4rec_core.training.optimizer import MaskedAdam

ONES = torch.ones(2, 3, dtype=torch.bool)
SOME = torch.tensor([[True, False, True], [False, False, True]])


def parameter(seed: int = 0) -> nn.Parameter:
    return nn.Parameter(torch.randn(2, 3, generator=torch.Generator().manual_seed(seed)))


def rows_of(shape: tuple[int, int], rows: list[int], values: torch.Tensor) -> torch.Tensor:
    return torch.sparse_coo_tensor(torch.tensor([rows]), values, shape, check_invariants=True)


def gradient(step: int) -> torch.Tensor:
    return torch.randn(2, 3, generator=torch.Generator().manual_seed(100 + step))


def take(optimizer: MaskedAdam, weight: nn.Parameter, mask: torch.Tensor, steps: range) -> None:
    for step in steps:
        weight.grad = gradient(step)
        optimizer.step({"w": mask})


def reference(settings: Optimizer, steps: range) -> torch.Tensor:
    weight = parameter()
    adam = torch.optim.AdamW(
        [weight], lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    for step in steps:
        weight.grad = gradient(step)
        adam.step()
    return weight.detach()


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_under_a_dense_mask_it_is_adam(decay: float) -> None:
    settings = Optimizer(learning_rate=0.01, weight_decay=decay)
    weight = parameter()
    take(MaskedAdam({"w": weight}, settings), weight, ONES, range(20))
    torch.testing.assert_close(weight.detach(), reference(settings, range(20)))


def test_without_a_mask_it_is_adam_too() -> None:
    settings = Optimizer(learning_rate=0.01)
    weight = parameter()
    optimizer = MaskedAdam({"w": weight}, settings)
    for step in range(20):
        weight.grad = gradient(step)
        optimizer.step({})
    torch.testing.assert_close(weight.detach(), reference(settings, range(20)))


@pytest.mark.parametrize(("decay", "clip"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.5), (0.1, 0.5)])
def test_weights_and_moments_outside_the_mask_keep_their_bits(decay: float, clip: float) -> None:
    settings = Optimizer(learning_rate=0.1, weight_decay=decay, clip_norm=clip)
    weight = parameter()
    optimizer = MaskedAdam({"w": weight}, settings)
    take(optimizer, weight, ONES, range(3))
    before = {"w": weight.detach().clone(), **{k: v.clone() for k, v in optimizer.state().items()}}
    take(optimizer, weight, SOME, range(3, 9))
    after = {"w": weight.detach(), **optimizer.state()}
    for name, values in after.items():
        assert torch.equal(values[~SOME].view(torch.int32), before[name][~SOME].view(torch.int32))
        assert not torch.equal(values[SOME], before[name][SOME])


def test_each_connection_counts_its_own_updates() -> None:
    settings = Optimizer(learning_rate=0.01)
    weight = parameter()
    optimizer = MaskedAdam({"w": weight}, settings)
    take(optimizer, weight, ~SOME, range(7))
    take(optimizer, weight, SOME, range(5))
    expected = torch.where(SOME, reference(settings, range(5)), reference(settings, range(7)))
    torch.testing.assert_close(weight.detach(), expected)


def test_a_weight_that_was_updated_whole_goes_on_under_a_mask() -> None:
    settings = Optimizer(learning_rate=0.01)
    weight = parameter()
    optimizer = MaskedAdam({"w": weight}, settings)
    for step in range(3):
        weight.grad = gradient(step)
        optimizer.step({})
    take(optimizer, weight, SOME, range(3, 7))
    expected = torch.where(SOME, reference(settings, range(7)), reference(settings, range(3)))
    torch.testing.assert_close(weight.detach(), expected)


def test_a_tensor_larger_than_a_piece_is_updated_to_its_end(monkeypatch: MonkeyPatch) -> None:
    whole, cut = parameter(), parameter()
    take(MaskedAdam({"w": whole}, Optimizer()), whole, SOME, range(3))
    monkeypatch.setattr("lt4rec_core.training.optimizer._PIECE", 4)
    take(MaskedAdam({"w": cut}, Optimizer()), cut, SOME, range(3))
    assert torch.equal(whole, cut)


def test_clipping_does_not_see_gradients_outside_the_mask() -> None:
    settings = Optimizer(learning_rate=0.01, clip_norm=0.1)
    quiet, loud = parameter(), parameter()
    for weight, noise in ((quiet, 0.0), (loud, 1e6)):
        weight.grad = torch.where(SOME, gradient(0), noise)
        MaskedAdam({"w": weight}, settings).step({"w": SOME})
    assert torch.equal(quiet, loud)


def test_rows_of_a_table_move_as_in_sparse_adam() -> None:
    settings = Optimizer(learning_rate=0.01)
    ours, theirs = (nn.Parameter(torch.ones(4, 2)) for _ in range(2))
    optimizer = MaskedAdam({"embeddings.weight": ours}, settings)
    reference = torch.optim.SparseAdam([theirs], lr=0.01)
    for rows in ([0, 2, 2], [2, 3, 3], [0, 2, 3], [0, 0, 2]):
        for table in (ours, theirs):
            values = torch.arange(6, dtype=torch.float32).view(3, 2) + 1
            table.grad = torch.sparse_coo_tensor(torch.tensor([rows]), values, (4, 2))
        optimizer.step({})
        reference.step()
    torch.testing.assert_close(ours, theirs)
    assert torch.equal(ours[1], torch.ones(2))


def test_dense_adam_on_tables_moves_rows_by_their_momentum() -> None:
    settings = Optimizer(learning_rate=0.01, lazy_embeddings=False)
    table = nn.Parameter(torch.ones(3, 2))
    optimizer = MaskedAdam({"embeddings.weight": table}, settings)
    for rows in ([0], [1]):
        table.grad = torch.sparse_coo_tensor(torch.tensor([rows]), torch.ones(1, 2), (3, 2))
        optimizer.step({})
        moved = table.detach().clone()
    table.grad = torch.sparse_coo_tensor(torch.tensor([[1]]), torch.ones(1, 2), (3, 2))
    optimizer.step({})
    assert not torch.equal(table[0], moved[0])


def test_embeddings_may_have_a_learning_rate_of_their_own() -> None:
    settings = Optimizer(learning_rate=0.01, embedding_learning_rate=0.5)
    table = nn.Parameter(torch.ones(2, 2))
    table.grad = torch.ones(2, 2)
    MaskedAdam({"embeddings.weight": table}, settings).step({})
    torch.testing.assert_close(table.detach(), torch.full((2, 2), 0.5))


def test_a_large_epsilon_of_embeddings_makes_their_steps_follow_the_gradient() -> None:
    settings = Optimizer(learning_rate=0.01, embedding_learning_rate=0.01, embedding_epsilon=100.0)
    weights = {name: parameter() for name in ("embeddings.weight", "over.0.weight")}
    before = parameter().detach()
    for weight in weights.values():
        weight.grad = gradient(0)
    MaskedAdam(weights, settings).step({})
    moved = weights["embeddings.weight"].detach() - before
    torch.testing.assert_close(moved, -0.01 * gradient(0) / 100, rtol=0.05, atol=1e-6)
    step = weights["over.0.weight"].detach() - before
    torch.testing.assert_close(step, -0.01 * gradient(0).sign())


def test_a_saved_state_goes_on_as_if_nothing_had_been() -> None:
    settings = Optimizer(learning_rate=0.01)
    one, two = parameter(), parameter()
    first = MaskedAdam({"w": one}, settings)
    take(first, one, SOME, range(6))
    half = MaskedAdam({"w": two}, settings)
    take(half, two, SOME, range(3))
    rest = MaskedAdam({"w": two}, settings)
    rest.load(half.state())
    take(rest, two, SOME, range(3, 6))
    assert torch.equal(one, two)


def test_squares_are_the_weighted_mean_of_squared_gradients_where_there_were_any() -> None:
    weight = parameter()
    optimizer = MaskedAdam({"w": weight}, Optimizer(beta2=0.9))
    never = optimizer.squares({"w": weight})["w"]
    take(optimizer, weight, SOME, range(2))
    expected = (0.9 * gradient(0).square() + gradient(1).square()) / 1.9
    found = optimizer.squares({"w": weight})["w"]
    assert torch.count_nonzero(never) == torch.count_nonzero(found[~SOME]) == 0
    torch.testing.assert_close(found[SOME], expected[SOME])
