"""Independent random streams: one per part of the world, day and chunk."""

from __future__ import annotations

from typing import Literal

import numpy as np

Part = Literal["vectors", "users", "items", "rows"]
_KEYS: dict[Part, int] = {"vectors": 0, "users": 1, "items": 2, "rows": 3}


def stream(seed: int, part: Part, *place: int) -> np.random.Generator:
    """Returns the generator of `part` at `place` (a day, a chunk).

    Streams don't depend on each other, so a day is the same however many days,
    and a chunk however many chunks, are generated around it.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(_KEYS[part], *place))
    return np.random.Generator(np.random.PCG64(sequence))
