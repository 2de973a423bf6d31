"""A stage must not read a setting that its step's key doesn't know: hits would be stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.digests import STAGE_SECTIONS
from lt4rec_core.config import Config, Synthetic, from_mapping
from lt4rec_core.data.days import days_of
from lt4rec_core.data.sources import SOURCES
from lt4rec_core.data.synthetic import generate
from lt4rec_core.stages.choose_search import choose_search
from lt4rec_core.stages.evaluate import evaluate
from lt4rec_core.stages.find_days import find_days
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.ingest_day import ingest_day
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.prune import open_mask, prune
from lt4rec_core.stages.register import register
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.stages.validate import validate
from lt4rec_core.stages.validate_day import validate_day
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import SilentTracker

TASKS = ("ctr", "cvr")


class Watched:
    """Stands in for a Config and remembers which of its sections are read."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self._config, name)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Runs every stage once; says what each read of the configuration."""
    place = tmp_path_factory.mktemp("stages")
    world = Synthetic(days=4, rows_per_day=400, users=60, items=60)
    config = from_mapping(
        {
            "threads": 1,
            "fields": [{"name": "user_id"}, {"name": "item_id"}],
            "ingest": {"train_days": 2, "events": {"allow_extra_columns": True}},
            "model": {"embedding_dim": 4, "hidden": [8]},
            "prune": {"rounds": 1},
            "evaluate": {
                "bootstrap_replicates": 5,
                "slices": [{"name": "tab", "column": "tab"}],
            },
        }
    )
    logs, quiet = generate(world, place / "logs", SilentTracker()), SilentTracker()
    read: dict[str, set[str]] = {}

    def watching(stage: str, call: Callable[[Any, Path], Any]) -> Any:
        watched = Watched(config)
        made = call(watched, place / f"{stage}-{len(list(place.iterdir()))}")
        read.setdefault(stage, set()).update(watched.seen)
        return made

    found = days_of(SOURCES["events"], str(logs), config.ingest, "2026-01-04")
    watching("find_days", lambda c, to: find_days(c, str(logs), found, to, quiet))
    watching("ingest_day", lambda c, to: ingest_day(c, str(logs), "2026-01-04", to, quiet))
    data = watching("ingest", lambda c, to: ingest(c, str(logs), "2026-01-04", to, quiet))
    watching("validate_day", lambda c, to: validate_day(c, data, "2026-01-04", to, quiet))
    watching("validate", lambda c, to: validate(c, data, to, quiet))
    no_drift: Any = {"results": []}
    watching(
        "choose_search", lambda c, to: choose_search(c, data, None, "", (), no_drift, to, quiet)
    )
    init = watching("warmup", lambda c, to: warmup(c, data, place / "s", to, quiet))
    masks, singles = {}, {}
    for task in TASKS:
        found = watching(
            "prune", lambda c, to, t=task: prune(c, t, data, init, place / f"p{t}", to, quiet)
        )
        masks[task] = open_mask(found.root)[0]
        singles[task] = watching(
            "single_task", lambda c, to, t=task: single_task(c, t, data, place / f"s{t}", to, quiet)
        )
    joint = watching(
        "joint_train", lambda c, to: joint_train(c, data, init, masks, place / "j", to, quiet)
    )
    judged = watching("evaluate", lambda c, to: evaluate(c, data, joint, masks, singles, to, quiet))
    watching("register", lambda c, to: register(c, data, joint, masks, judged, None, to, quiet))
    return read


# A world is generated and ingested: its settings beside ingest's are those of the generator.
@pytest.mark.parametrize("stage", [stage for stage in STAGE_SECTIONS if stage != "world"])
def test_stage_reads_nothing_that_its_key_does_not_know(
    stage: str, seen: dict[str, set[str]]
) -> None:
    known = {place.split(".")[0] for place in STAGE_SECTIONS[stage]}
    assert seen[stage] <= known
