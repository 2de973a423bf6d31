"""Section of the configuration about comparing sharing methods under the same rules."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from lt4rec_core.config.section import section

Value = bool | int | float | str | tuple[int, ...] | tuple[str, ...]
"""A setting's value as it stands in TOML."""


@section
class Range:
    """Where the search looks for one setting: between `low` and `high`, or among `choices`."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Value, ...] = ()


@section
class Variant:
    """An ablation: `arm` trained with the settings `set` on top of what was chosen for it.

    Variants of one `group` vary the same thing and are shown in one table:
    `{ name = "no_warmup", group = "warm-up", set = { "warmup.epochs" = 0 } }`.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    group: str
    arm: str = "connection_share"
    set: dict[str, Value] = Field(default_factory=dict)


@section
class World:
    """One synthetic world: how much its tasks conflict; its arms and seeds, if others.

    Worlds of one `group` are to differ by nothing but the conflict: what they have in
    common besides `world_set`, each of them has in `set`.
    """

    name: str = Field(pattern="^[a-z][a-z0-9-]*$")
    conflict: float = Field(ge=0, le=1)
    group: str = Field(default="all", pattern="^[a-z][a-z0-9-]*$")
    arms: tuple[str, ...] = ()
    seeds: int = Field(default=0, ge=0)
    set: dict[str, Value] = Field(default_factory=dict)


@section
class Comparison:
    """Which arms are compared, over how many seeds, and with which settings of their own.

    An arm is trained by the other sections' settings, changed by what `chosen` says for
    it: `chosen.mmoe = {"optimizer.learning_rate" = 2e-3}`. `lt4rec tune` finds such
    values, on the validation rows alone, with the same number of trials for every arm,
    in the ranges of `search` and, for one arm, of `search_of`.

    The seeds are `seed`, `seed + 1`, …; `processes = 0` trains as many arms beside each
    other as there are cores for, each on `threads` threads (0 means one here). `slices`
    names values like "tab=0" of `evaluate.slices` that get tables of their own. The test
    day is `data_date` unless the command line names another.

    With `ablations`, all `variants` are trained as well, with the first `variant_seeds`
    seeds (0: all of them); with `benefit`, so are the parts
    that the gain of connection_share is taken apart by.

    Each of `worlds` is compared too, as a comparison of its own. `world` has the settings of
    all of them, from data to training; where it is the name of a TOML file beside this one,
    the file's content takes its place. `world_set` changes some of them, in all worlds alike.
    """

    data_date: str = ""
    arms: tuple[str, ...] = ("single_task", "connection_share")
    seeds: int = Field(default=5, ge=1)
    variant_seeds: int = Field(default=0, ge=0)
    processes: int = Field(default=0, ge=0)
    slices: tuple[str, ...] = ()
    chosen: dict[str, dict[str, Value]] = Field(default_factory=dict)
    trials: int = Field(default=20, ge=1)
    tune_seed: int = Field(default=1000, ge=0)
    search: dict[str, Range] = Field(default_factory=dict)
    search_of: dict[str, dict[str, Range]] = Field(default_factory=dict)
    benefit: bool = False
    ablations: bool = False
    variants: tuple[Variant, ...] = ()
    world: dict[str, Any] = Field(default_factory=dict)
    world_set: dict[str, Value] = Field(default_factory=dict)
    worlds: tuple[World, ...] = ()
