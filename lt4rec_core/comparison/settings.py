"""What an arm is trained with: the run's settings, changed by what was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.config import Config, changed, to_mapping
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.sharing.registry import SHARING

REFERENCE = "single_task"
"""The arm that the MTL gain is measured against (paper, Eq. 3)."""

SUBJECT = "connection_share"
"""The arm that is held against every other one."""


def arms_of(asked: Sequence[str]) -> tuple[str, ...]:
    """Returns the arms to compare, the reference first; "all" means the whole registry.

    Raises:
        ConfigError: an arm isn't in the registry, or none is left.
    """
    names = list(SHARING) if "all" in asked else list(dict.fromkeys(asked))
    unknown = [name for name in names if name not in SHARING]
    if unknown:
        raise ConfigError(
            f"no sharing method is called {unknown[0]!r}; known arms are {sorted(SHARING)}, "
            'and "all" means every one of them'
        )
    if not names:
        raise ConfigError(f"no arm was named; known arms are {sorted(SHARING)}")
    return tuple(sorted(names, key=lambda name: name != REFERENCE))


def seeds_of(config: Config) -> tuple[int, ...]:
    """Returns the seeds that every arm is trained with."""
    return tuple(config.seed + place for place in range(config.comparison.seeds))


def settings_of(
    config: Config, arm: str, seed: int, more: Mapping[str, Any] | None = None
) -> Config:
    """Returns the settings of one arm and seed; applied to its own result, it changes nothing.

    `threads = 0` becomes 1: how many arms are trained beside each other must not show in
    the last digits.

    Args:
        config: the comparison's settings.
        arm: name of a sharing method.
        seed: takes the place of `config.seed`.
        more: changes on top of what was chosen for the arm.

    Raises:
        ConfigError: a chosen setting doesn't exist or has a wrong value.
    """
    chosen = config.comparison.chosen.get(arm, {})
    own = {"model.sharing": arm, "seed": seed, "threads": config.threads or 1}
    return changed(config, {**chosen, **(more or {}), **own})


def trained_with(config: Config) -> dict[str, Any]:
    """Returns the sections that the result of an arm depends on, as plain JSON values."""
    values = to_mapping(config)
    read = {name: values[name] for name in sections_of(config.model.sharing)}
    return read | {"slices": values["evaluate"]["slices"]}


def sections_of(arm: str) -> tuple[str, ...]:
    """Returns the sections of the configuration that training `arm` reads."""
    if arm == REFERENCE:
        return (*_COMMON, "single_task")
    warmup = ("warmup",) if SHARING[arm].warmup else ()
    prune = ("prune",) if SHARING[arm].cut else ()
    return (*_COMMON, *warmup, *prune, "joint_train")


_COMMON = ("seed", "threads", "device", "tasks", "model", "optimizer")
