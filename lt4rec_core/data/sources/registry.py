"""All known sources."""

from __future__ import annotations

import difflib

from lt4rec_core.data.sources.events import EVENTS
from lt4rec_core.data.sources.kuairand import KUAIRAND
from lt4rec_core.data.sources.source import Source
from lt4rec_core.data.sources.tfrecord import TFRECORD
from lt4rec_core.errors import ConfigError

SOURCES: dict[str, Source] = {
    "events": EVENTS,
    "kuairand": KUAIRAND,
    "tfrecord": TFRECORD,
}


def find(name: str) -> Source:
    """Returns the source called `name`; raises ConfigError naming the nearest known one."""
    if name in SOURCES:
        return SOURCES[name]
    near = difflib.get_close_matches(name, SOURCES, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"ingest.source is {name!r}, known sources are {sorted(SOURCES)}{hint}")
