from __future__ import annotations

import pytest
import torch

from lt4rec_core.errors import ArtifactError
from lt4rec_core.pruning.mask import Mask, check_fits, dense, overlap


def mask(*bits: int) -> Mask:
    return Mask({"over.0.weight": torch.tensor(bits, dtype=torch.bool).view(1, -1)})


def test_dense_keeps_every_connection() -> None:
    ones = dense({"over.0.weight": torch.zeros(2, 3), "output.weight": torch.zeros(1, 2)})
    assert (ones.kept, ones.total, ones.density) == (8, 8, 1.0)


def test_density_counts_all_layers_together() -> None:
    both = Mask({"a": torch.tensor([True, False]), "b": torch.zeros(6, dtype=torch.bool)})
    assert both.density == 1 / 8
    assert both.layer_density == {"a": 0.5, "b": 0.0}


def test_overlap_is_the_shared_part_of_what_either_owns() -> None:
    assert overlap(mask(1, 1, 0, 0), mask(0, 1, 1, 0)) == pytest.approx(1 / 3)


def test_disjoint_masks_do_not_overlap() -> None:
    assert overlap(mask(1, 0), mask(0, 1)) == 0.0


def test_a_layer_that_one_task_owns_alone_is_private() -> None:
    one = Mask({"output.ctr.weight": torch.ones(1, 2, dtype=torch.bool)})
    other = Mask({"output.cvr.weight": torch.ones(1, 2, dtype=torch.bool)})
    assert overlap(one, other) == 0.0


def test_digest_tells_bits_and_shapes_apart() -> None:
    flat = Mask({"over.0.weight": torch.tensor([True, False, True, False])})
    square = Mask({"over.0.weight": torch.tensor([[True, False], [True, False]])})
    assert len({mask(1, 0, 1, 0).digest, mask(1, 0, 0, 1).digest, flat.digest, square.digest}) == 4


def test_digest_does_not_depend_on_the_order_of_names() -> None:
    one, two = torch.tensor([True]), torch.tensor([False])
    assert Mask({"a": one, "b": two}).digest == Mask({"b": two, "a": one}).digest


def test_a_mask_of_another_shape_is_refused_by_name() -> None:
    with pytest.raises(ArtifactError, match=r"over\.0\.weight.*\(1, 2\).*\(3, 2\)"):
        check_fits(mask(1, 0), {"over.0.weight": torch.zeros(3, 2)})
