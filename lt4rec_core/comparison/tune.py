"""Finds an arm's settings: trained and judged on a dataset that has no test rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lt4rec_core.comparison.code import code_digest
from lt4rec_core.comparison.search import Trial, ranges_of, start, suggest
from lt4rec_core.comparison.settings import settings_of, trained_with
from lt4rec_core.comparison.training import train_arm
from lt4rec_core.config import Config, changed, digest, to_mapping
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.data.samples import read_samples
from lt4rec_core.data.sealed import SealedDataset
from lt4rec_core.errors import TrainingError
from lt4rec_core.tasks import resolve
from lt4rec_core.tracking import SilentTracker, Tracker
from lt4rec_core.training.predict import deciding, skill, trivial_metrics

_DIVERGED = -1.0
"""Skill of settings under which training can't go on: worse than any that can."""


@dataclass(frozen=True)
class Tuned:
    """The best settings of an arm, and what all trials came to."""

    arm: str
    chosen: Mapping[str, Any]
    best: int
    trials: tuple[Mapping[str, Any], ...]


def tune(config: Config, arm: str, dataset: SealedDataset, state: Path, tracker: Tracker) -> Tuned:
    """Tries `comparison.trials` settings of `arm` and returns the best by validation.

    Every trial trains the whole arm with the seed `comparison.tune_seed`, for as many
    epochs as the comparison does, and counts by its skill: the mean over tasks of the
    share of the way from the trivial predictor's metric to the perfect one. What was
    chosen for the arm before has no part in it.

    Args:
        config: the comparison's settings.
        arm: name of a sharing method.
        dataset: sealed: its test rows are out of reach.
        state: folder of all tunings; a trial that's done is never trained again.
        tracker: hears each trial's skill.

    Raises:
        ConfigError: there is nothing to search, or a setting doesn't exist.
    """
    common = changed(config, {f"comparison.chosen.{arm}": {}})
    ranges = ranges_of(common, arm)
    first = start(common, ranges)
    base = settings_of(common, arm, config.comparison.tune_seed)
    searched = {name: to_mapping(range_) for name, range_ in ranges.items()}
    key = digest(trained_with(base), searched, dataset.digest, code_digest())
    room = state / f"{arm}-{key[:16]}"
    done: list[Mapping[str, Any]] = []
    for number in range(config.comparison.trials):
        file = room / f"trial-{number}.json"
        if not file.exists():
            tried = [Trial(entry["settings"], entry["skill"]) for entry in done]
            settings = suggest(ranges, first, tried, config.comparison.tune_seed)
            own = settings_of(common, arm, config.comparison.tune_seed, settings)
            place = room / f"trial-{number}"
            entry = {"settings": settings, **_try(own, dataset, place)}
            with file_aside(file) as partial:
                partial.write_text(json.dumps(entry, allow_nan=False), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
        done.append(json.loads(file.read_text(encoding="utf-8")))
        best = max(range(len(done)), key=lambda place: float(done[place]["skill"]))
        tracker.log_metrics({"skill": done[-1]["skill"]}, number)
        tracker.progress(
            f"trial {number + 1}/{config.comparison.trials}: skill {done[-1]['skill']:.5f}, "
            f"best {done[best]['skill']:.5f} in trial {best + 1}"
        )
    return Tuned(arm, done[best]["settings"], best, tuple(done))


def _try(config: Config, dataset: SealedDataset, room: Path) -> dict[str, Any]:
    validation = read_samples(dataset, "validation")
    trivial = trivial_metrics(validation, resolve(config.tasks))
    tasks = deciding(validation, [t for t in resolve(config.tasks) if t.name in trivial])
    try:
        metrics = train_arm(config, dataset, room, SilentTracker()).validation
    except TrainingError as error:
        return {"skill": _DIVERGED, "validation": {}, "why": str(error)}
    return {"skill": skill(tasks, metrics, trivial), "validation": dict(metrics)}
