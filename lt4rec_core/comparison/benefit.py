"""Where the gain of connection_share comes from (paper, "Benefit Analysis").

From single_task to connection_share in three steps, each changing one thing: train from
sNET_init instead of a fresh draw; train the found subnetwork instead of the dense network;
train all tasks together instead of each alone. The gains of the steps add up to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.comparison.measure import Measured, values_of
from lt4rec_core.comparison.settings import REFERENCE, SUBJECT

STEPS = (
    ("warm-up", REFERENCE, "dense_alone"),
    ("pruning", "dense_alone", "subnetwork_alone"),
    ("sharing", "subnetwork_alone", SUBJECT),
    ("all together", REFERENCE, SUBJECT),
)
"""What changes, from which arm, to which."""


def benefit(measured: Mapping[str, Measured]) -> dict[str, Any]:
    """Returns, by task, `arms` with their metrics and `steps` with their paired gains.

    Args:
        measured: by task, the arms of `STEPS` on the same rows.
    """
    arms = dict.fromkeys(arm for _, before, after in STEPS for arm in (before, after))
    return {
        task: {
            "metric": on.metric.name,
            "arms": {arm: values_of(on, arm) for arm in arms if arm in on.values},
            "steps": {what: on.gain(after, before) for what, before, after in STEPS},
        }
        for task, on in measured.items()
    }
