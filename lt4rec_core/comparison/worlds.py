"""The made-up worlds of a comparison: settings that follow from the comparison's own."""

from __future__ import annotations

import datetime

from lt4rec_core.config import Config, Synthetic, changed, from_mapping, to_mapping
from lt4rec_core.errors import ConfigError

_SAME = ("seed", "threads", "device", "tracking", "cluster")
"""What worlds have in common with the comparison that they are part of."""


def settings_in(config: Config, world: str) -> Config:
    """Returns the settings that hold in the world called `world`; "" means outside of all.

    They are those of `comparison.world`, changed by `world_set` and the world's own `set`,
    with the world's conflict, the comparison's arms, seeds and intervals, and what has nothing
    to do with data, like the MLflow store.

    Raises:
        ConfigError: there is no such world, or its settings can't be used.
    """
    if not world:
        return config
    known = {entry.name: entry for entry in config.comparison.worlds}
    if world not in known:
        raise ConfigError(f"[[comparison.worlds]] names no {world!r}; it names {sorted(known)}")
    asked, values = known[world], to_mapping(config)
    own = config.comparison.world
    intervals = ("bootstrap_replicates", "confidence")
    comparison = {
        **own.get("comparison", {}),
        "arms": asked.arms or config.comparison.arms,
        "seeds": asked.seeds or config.comparison.seeds,
        "processes": config.comparison.processes,
    }
    evaluate = {
        **own.get("evaluate", {}),
        **{name: values["evaluate"][name] for name in intervals},
    }
    try:
        settings = from_mapping(
            {
                **own,
                **{name: values[name] for name in _SAME},
                "name": world,
                "synthetic": {**own.get("synthetic", {}), "conflict": asked.conflict},
                "comparison": comparison,
                "evaluate": evaluate,
            }
        )
        settings = changed(settings, {**config.comparison.world_set, **asked.set})
    except ConfigError as error:
        raise ConfigError(f"[comparison.world], for {world!r}: {error}") from None
    if settings.ingest.source != "events":
        raise ConfigError(
            f"[comparison.world] has the source {settings.ingest.source!r}; worlds are logged as "
            "streams of events: set ingest.source to 'events' there"
        )
    return settings


def last_day(synthetic: Synthetic) -> str:
    """Returns the last day that is generated: a world's test day."""
    return (synthetic.start_date + datetime.timedelta(synthetic.days - 1)).isoformat()
