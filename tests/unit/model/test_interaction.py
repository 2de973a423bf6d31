from __future__ import annotations

import pytest
import torch

from lt4rec_core.model.interaction import interact, interaction_size


@pytest.mark.parametrize("crossing", ["full", "half"])
def test_fields_meet_and_the_gradient_is_that_of_the_products(crossing: str) -> None:
    def plain(x_BFD: torch.Tensor) -> torch.Tensor:
        products = x_BFD @ x_BFD.transpose(1, 2)
        rows, columns = torch.tril_indices(3, 3).unbind()
        crossed = products[:, rows, columns] if crossing == "half" else products.flatten(1)
        return torch.cat([crossed, x_BFD.flatten(1)], dim=1)

    source = torch.Generator().manual_seed(0)
    ours = torch.randn(2, 3, 4, generator=source, dtype=torch.float64, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    out = interact(ours, crossing)
    slope = torch.randn(out.shape, generator=source, dtype=torch.float64)
    out.backward(slope)
    expected = plain(theirs)
    expected.backward(slope)
    assert out.shape == (2, interaction_size(3, 4, crossing))
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(ours.grad, theirs.grad)
