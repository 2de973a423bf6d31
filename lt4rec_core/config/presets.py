"""Presets: the method as the paper has it, and with what this project found to help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {},
    "best": {
        "model": {"output": "owned", "embedding_scale": 0.1, "dropout": 0.3},
        "optimizer": {"embedding_epsilon": 1e-4, "averaging": 0.99},
        "warmup": {"epochs": 0.1},
        "prune": {"saliency": "fisher_movement"},
    },
}
"""What holds where a configuration doesn't say otherwise; defaults are the paper's.

Every switch of "best" has its row among the ablations (`lt4rec compare --ablations`).
"""


def with_preset(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `values` with the settings of the preset that they name below their own.

    A preset that isn't known, or a section that isn't a table, is left to the checks of types.
    """
    merged = dict(values)
    name = values.get("preset", "paper")
    for section, settings in PRESETS.get(name, {}).items() if isinstance(name, str) else ():
        own = values.get(section, {})
        if isinstance(own, Mapping):
            merged[section] = {**settings, **own}
    return merged
