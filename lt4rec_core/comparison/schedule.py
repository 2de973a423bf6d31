"""How much longer a comparison takes, from what its arms took so far."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence


def seconds_left(
    taken: Mapping[str, Sequence[float]], remaining: Sequence[str], processes: int
) -> float | None:
    """Returns a guess in seconds; None while nothing is known.

    Args:
        taken: seconds of each finished job, by kind.
        remaining: the kind of each job that isn't finished; one at work counts in full.
        processes: how many jobs are at work beside each other.
    """
    known = {kind: statistics.fmean(times) for kind, times in taken.items() if times}
    if not known:
        return None if remaining else 0.0
    otherwise = statistics.fmean(known.values())
    work = [known.get(kind, otherwise) for kind in remaining]
    return max(sum(work) / processes, max(work, default=0.0))
