"""What each choice in connection_share is worth: variants beside the arm they vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.comparison.measure import Measured, values_of
from lt4rec_core.comparison.settings import settings_of
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.config.load import value_at


def ablations(config: Config, measured: Mapping[str, Measured]) -> dict[str, dict[str, Any]]:
    """Returns, by group and name, each variant that was trained.

    Args:
        config: the comparison's settings.
        measured: arms and variants by task, all on the same rows.

    Returns:
        Plain values: `arm`, `set`, `instead_of` (the arm's own values of the settings in
        `set`), and `tasks` with `values`, `mean`, `spread`, `mtl_gain` and `difference`,
        the gain over the arm.
    """
    groups: dict[str, dict[str, Any]] = {}
    for variant in config.comparison.variants:
        own = to_mapping(settings_of(config, variant.arm, config.seed))
        groups.setdefault(variant.group, {})[variant.name] = {
            "arm": variant.arm,
            "set": dict(variant.set),
            "instead_of": {setting: value_at(own, setting) for setting in variant.set},
            "tasks": {
                task: values_of(on, variant.name)
                | {"difference": on.gain(variant.name, variant.arm)}
                for task, on in measured.items()
                if variant.name in on.values
            },
        }
    return groups
