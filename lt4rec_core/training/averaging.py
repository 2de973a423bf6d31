"""A running mean of the weights, which predicts better than the last step's (Polyak averaging)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.optim.swa_utils import AveragedModel

from lt4rec_core.model.network import Network


class Averaging:
    """Follows a network's weights; with decay 0 it is the network itself.

    After step n the mean moves by 1 - min(decay, (1 + n) / (10 + n)) of its distance to the
    weights, so that a short training isn't held back by where it began. A weight that no
    batch moves is its own mean, bit by bit.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self._network = network
        self._decay = decay
        self._mean = AveragedModel(network, multi_avg_fn=self._advance) if decay else None

    @property
    def network(self) -> Network:
        """The network that is measured and kept."""
        if self._mean is None:
            return self._network
        mean = self._mean.module
        assert isinstance(mean, Network)  # noqa: S101 (narrows nn.Module for the type checker)
        return mean

    def update(self) -> None:
        """Takes a step's weights in."""
        if self._mean is not None:
            self._mean.update_parameters(self._network)

    def state(self) -> dict[str, torch.Tensor]:
        """Returns what a resumed training needs; nothing without averaging."""
        return {} if self._mean is None else dict(self._mean.state_dict())

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Takes over what `state` returned."""
        if self._mean is not None:
            self._mean.load_state_dict(dict(state))

    @torch.no_grad()
    def _advance(
        self,
        mean: tuple[torch.Tensor, ...] | list[torch.Tensor],
        weights: tuple[torch.Tensor, ...] | list[torch.Tensor],
        steps: torch.Tensor | int,
    ) -> None:
        decay = min(self._decay, (1 + int(steps)) / (10 + int(steps)))
        torch._foreach_lerp_(list(mean), list(weights), 1 - decay)
