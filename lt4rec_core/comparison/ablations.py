"""What each choice in connection_share is worth: variants beside the arm they vary."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.comparison.measure import Measured, values_of
from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.settings import settings_of
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.config.load import value_at
from lt4rec_core.errors import ConfigError


def ablations(
    config: Config, results: Sequence[Result], measured: Mapping[str, Measured]
) -> dict[str, dict[str, Any]]:
    """Returns, by group and name, each variant that was trained.

    Args:
        config: the comparison's settings.
        results: one a variant and seed, and any others.
        measured: arms and variants by task, all on the same rows.

    Returns:
        Plain values: `arm`, `set`, `instead_of` (the arm's own values of the settings in
        `set`), `masks` (densities by seed), and `tasks` with `values`, `mean`, `spread`,
        `mtl_gain` and `difference`, the gain over the arm.
    """
    groups: dict[str, dict[str, Any]] = {}
    for variant in config.comparison.variants:
        own = to_mapping(settings_of(config, variant.arm, config.seed))
        groups.setdefault(variant.group, {})[variant.name] = {
            "arm": variant.arm,
            "set": dict(variant.set),
            "instead_of": _among(own, variant.set),
            "masks": [_densities(result) for result in results if result.arm == variant.name],
            "tasks": {
                task: values_of(on, variant.name)
                | {"difference": on.gain(variant.name, variant.arm)}
                for task, on in measured.items()
                if variant.name in on.values
            },
        }
    return groups


def _among(values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of `settings` that `values` has: a task may have no density of its own."""
    found = {}
    for setting in settings:
        with contextlib.suppress(ConfigError):
            found[setting] = value_at(values, setting)
    return found


def _densities(result: Result) -> dict[str, Any]:
    return {task: {"density": mask["density"]} for task, mask in result.record["masks"].items()}
