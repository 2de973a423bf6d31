"""All known ways to make a mask sparser."""

from __future__ import annotations

from lt4rec_core.errors import ConfigError
from lt4rec_core.pruning import chance, magnitude, neuron
from lt4rec_core.pruning.cut import Cut
from lt4rec_core.pruning.per_layer import per_layer

CUTS: dict[str, Cut] = {
    "magnitude": magnitude.prune,
    "neuron": neuron.prune,
    "random": chance.prune,
}


def cut_of(name: str, scope: str = "global") -> Cut:
    """Returns the cut called `name`, of all layers together or with "layer" of each by itself.

    Raises:
        ConfigError: there is none, or it can't be had layer by layer.
    """
    if name not in CUTS:
        raise ConfigError(f"no cut is called {name!r}; known are {sorted(CUTS)}")
    if scope == "global":
        return CUTS[name]
    if name == "neuron":
        raise ConfigError(
            'a neuron reaches from one layer into the next, so [prune] scope = "layer" can\'t '
            'cut neurons; expected scope = "global"'
        )
    return per_layer(CUTS[name])
