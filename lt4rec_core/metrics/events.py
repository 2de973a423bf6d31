"""How many events a rare label has, and how few are too few to go by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST_EVENTS = 100
"""With fewer rows of the rarer class, a metric is told but nothing is decided by it.

A rule of thumb for judging models of binary outcomes: Vergouwe et al., "Substantial
effective sample sizes were required for external validation studies of predictive logistic
regression models", Journal of Clinical Epidemiology 58 (2005), who ask for at least 100
events and 100 nonevents.
"""


def count_events(labels_N: NDArray[np.generic]) -> int:
    """Returns how many rows the rarer class of a binary label has; missing labels don't count."""
    ones = int(np.count_nonzero(labels_N == 1))
    return min(ones, int(np.count_nonzero(labels_N == 0)))


def is_few(events: int | None) -> bool:
    """Says whether so many events are too few; None, of a label that isn't binary, is not."""
    return events is not None and events < FEWEST_EVENTS
