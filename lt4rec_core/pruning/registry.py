"""All known ways to make a mask sparser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

from lt4rec_core.errors import ConfigError
from lt4rec_core.pruning import chance, magnitude, neuron
from lt4rec_core.pruning.mask import Mask


class Cut(Protocol):
    """Returns a mask within `mask` that keeps `keep` connections; a pure function."""

    def __call__(
        self, weights: Mapping[str, torch.Tensor], mask: Mask, keep: int, source: torch.Generator
    ) -> Mask:
        """Only a cut by chance draws from `source`."""
        ...


CUTS: dict[str, Cut] = {
    "magnitude": magnitude.prune,
    "neuron": neuron.prune,
    "random": chance.prune,
}


def cut_of(name: str) -> Cut:
    """Returns the cut called `name`; raises ConfigError where there is none."""
    if name not in CUTS:
        raise ConfigError(f"no cut is called {name!r}; known are {sorted(CUTS)}")
    return CUTS[name]
