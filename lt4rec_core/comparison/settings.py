"""What an arm is trained with: the run's settings, changed by what was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.config import Config, Variant, changed, to_mapping
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.sharing.registry import ALONE, SHARING, find
from lt4rec_core.tasks import resolve

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


def trained_of(config: Config) -> tuple[str, ...]:
    """Returns the names of all that is trained: arms, and what `benefit` and `ablations` add.

    Raises:
        ConfigError: an arm isn't known, a variant has an arm's name or a setting that its
            training doesn't read, or what the additions are compared with is missing.
    """
    comparison = config.comparison
    arms = arms_of(comparison.arms)
    variants = comparison.variants if comparison.ablations else ()
    for variant in variants:
        _check(variant)
    more = (*(ALONE if comparison.benefit else ()), *(variant.name for variant in variants))
    missing = sorted({REFERENCE, SUBJECT, *(variant.arm for variant in variants)} - set(arms))
    if more and missing:
        raise ConfigError(
            f"benefit and ablations are differences from arms, of which {missing} "
            f"aren't compared; add them to {list(arms)}"
        )
    return (*arms, *more)


def _check(variant: Variant) -> None:
    if variant.name in SHARING | ALONE:
        raise ConfigError(f"variant {variant.name!r} has the name of an arm; give it another one")
    read = sections_of(variant.arm)
    for setting in variant.set:
        if setting.partition(".")[0] not in read:
            raise ConfigError(
                f"variant {variant.name!r} sets {setting!r}, which training {variant.arm} "
                f"doesn't read; it reads {sorted(read)}"
            )


def variant_of(config: Config, name: str) -> Variant:
    """Returns the variant called `name`; the arm of that name is a variant that sets nothing."""
    named = (variant for variant in config.comparison.variants if variant.name == name)
    return next(named, Variant(name=name, group="", arm=name))


def seeds_of(config: Config, name: str = "") -> tuple[int, ...]:
    """Returns the seeds that arms are trained with; those of the arm or variant `name`.

    Variants take the first `comparison.variant_seeds` of them: what they are compared
    with is compared on these seeds alone.
    """
    comparison = config.comparison
    count = comparison.seeds
    if any(variant.name == name for variant in comparison.variants):
        count = min(count, comparison.variant_seeds or count)
    return tuple(config.seed + place for place in range(count))


def settings_of(
    config: Config, arm: str, seed: int, more: Mapping[str, Any] | None = None
) -> Config:
    """Returns the settings of one arm and seed; applied to its own result, it changes nothing.

    `threads = 0` becomes 1: how many arms are trained beside each other must not show in
    the last digits. What was chosen for connection_share counts for its parts too.

    Args:
        config: the comparison's settings.
        arm: name of a sharing method or variant.
        seed: takes the place of `config.seed`.
        more: changes on top of what was chosen for the arm.

    Raises:
        ConfigError: a chosen setting doesn't exist or has a wrong value, or the sharing
            method can't predict the run's tasks.
    """
    variant = variant_of(config, arm)
    chosen = config.comparison.chosen.get(SUBJECT if arm in ALONE else variant.arm, {})
    own = {"model.sharing": variant.arm, "seed": seed, "threads": config.threads or 1}
    settings = changed(config, {**chosen, **variant.set, **(more or {}), **own})
    if variant.arm in SHARING:
        SHARING[variant.arm].check({task.name: task for task in resolve(settings.tasks)})
    return settings


def trained_with(config: Config) -> dict[str, Any]:
    """Returns the sections that the result of an arm depends on, as plain JSON values."""
    values = to_mapping(config)
    read = {name: values[name] for name in sections_of(config.model.sharing)}
    return read | {"slices": values["evaluate"]["slices"]}


def sections_of(arm: str) -> tuple[str, ...]:
    """Returns the sections of the configuration that training `arm` reads."""
    if arm == REFERENCE:
        return (*_COMMON, "single_task")
    sharing = find(arm)
    warmup = ("warmup",) if sharing.warmup else ()
    prune = ("prune",) if sharing.cut else ()
    return (*_COMMON, *warmup, *prune, "joint_train")


_COMMON = ("seed", "threads", "device", "tasks", "model", "optimizer")
