"""Whether a daily run searches masks anew, or trains on under the champion's."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lt4rec_core.config import ChooseSearch, Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.manifest import Manifest
from lt4rec_core.data.split import unseen_days
from lt4rec_core.errors import ArtifactError, ConfigError
from lt4rec_core.tasks import resolve
from lt4rec_core.tracking import Tracker

_FILE = "choice.json"


@dataclass(frozen=True)
class DayDone:
    """A version registered by the run of an earlier day, accepted or not.

    Attributes:
        version: its number in the registry.
        data_date: the day that the run was about.
        searched: the day whose run found its masks.
        gain: MTL gain by task, where it is known.
        made_of: references of what it was made of, by role: dataset, joint, masks of the
            tasks (`mask-ctr`), baselines (`single-ctr`).
    """

    version: str
    data_date: str
    searched: str
    gain: Mapping[str, float] = field(default_factory=dict)
    made_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why.

    Attributes:
        search: whether masks are searched anew.
        reason: in one line.
        searched: the day whose run found the masks that the new model will have.
        train_days: the days that joint_train and single_task learn from.
        champion: the version that the run starts from, None where there is none.
    """

    search: bool
    reason: str
    searched: str
    train_days: tuple[str, ...]
    champion: DayDone | None


def choose_search(
    config: Config,
    dataset: Dataset,
    champion: DayDone | None,
    obstacle: str,
    past: Sequence[DayDone],
    validation: Mapping[str, Any],
    target: Path,
    tracker: Tracker,
    learned: Manifest | None = None,
) -> Choice:
    """Chooses, and writes `choice.json` to the folder `target`.

    A run that starts from the champion learns from the training days that the champion
    hasn't seen, or from the last one where there are none; one that searches learns from
    all of them.

    Args:
        config: `choose_search` and `tasks` matter.
        dataset: the run's dataset.
        champion: the champion as of the data date.
        obstacle: why the run can't start from the champion, "" if it can.
        past: the versions of all days before the data date, in order.
        validation: the record of the stage validate.
        target: folder of the artifact, written whole or not at all.
        tracker: hears what was chosen and why.
        learned: manifest of the champion's dataset, None where the run can't start from it.

    Raises:
        ConfigError: the dataset has no data date.
    """
    today = dataset.manifest.data_date
    if today is None:
        raise ConfigError(
            f"source {config.ingest.source!r} has no days, so there is no daily run of it; "
            "train with `lt4rec run`"
        )
    search, reason = decide(
        config.choose_search,
        today,
        champion,
        obstacle,
        past,
        drift_of(validation, today),
        {task.name: task.metric for task in resolve(config.tasks)},
    )
    days = dataset.days("train")
    if not search and learned is not None:
        days = unseen_days(days, learned.splits["train"], learned.left_out) or days[-1:]
    searched = today if search or champion is None else champion.searched
    choice = Choice(search, reason, searched, days, champion)
    with folder_aside(target) as folder:
        text = json.dumps(dataclasses.asdict(choice), indent=1)
        (folder / _FILE).write_text(text + "\n", encoding="utf-8")
    tracker.progress(f"{'searches masks anew' if search else 'keeps the masks'}: {reason}")
    return choice


def open_choice(root: Path) -> Choice:
    """Opens a finished choice; raises ArtifactError where the folder isn't one."""
    try:
        record = json.loads((root / _FILE).read_text(encoding="utf-8"))
        champion = record.pop("champion")
        return Choice(
            **{**record, "train_days": tuple(record["train_days"])},
            champion=None if champion is None else DayDone(**champion),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{root} isn't a whole choice: {error}; run the day again") from error


def decide(
    settings: ChooseSearch,
    today: str,
    champion: DayDone | None,
    obstacle: str,
    past: Sequence[DayDone],
    drift: Mapping[str, float],
    metrics: Mapping[str, str],
) -> tuple[bool, str]:
    """Returns whether to search, and why: a pure function of what is known before training.

    Args:
        settings: the bounds.
        today: the data date.
        champion: what the run would start from.
        obstacle: why it can't, "" if it can.
        past: versions of earlier days, in order.
        drift: PSI by field.
        metrics: each task's own metric, in which its MTL gain is given.
    """
    if champion is None:
        return True, "there is no champion to start from"
    if obstacle:
        return True, f"version {champion.version} can't be started from: {obstacle}"
    last = max((day.searched for day in past), default=champion.searched)
    rest = _days_between(last, today)
    if settings.cadence_days and rest >= settings.cadence_days:
        return (
            True,
            f"the last search was {rest} days ago; one is due every {settings.cadence_days}",
        )
    asked = [
        *_old(settings, today, champion),
        *_drifted(settings, drift),
        *_fallen(settings, champion, past, metrics),
    ]
    if asked and rest >= settings.rest_days:
        return True, "; ".join(asked)
    if asked:
        waits = f"but the last search was {rest} days ago, and the next waits {settings.rest_days}"
        return False, f"{'; '.join(asked)}; {waits}"
    return False, f"nothing asks for a search; the last one was {rest} days ago"


def drift_of(validation: Mapping[str, Any], day: str) -> dict[str, float]:
    """Returns each field's PSI on `day` from the record of the stage validate."""
    return {
        result["column"].removeprefix("id."): float(result["seen"])
        for result in validation["results"]
        if result["expectation"] == "drift" and result["day"] == day and result["seen"] is not None
    }


def _old(settings: ChooseSearch, today: str, champion: DayDone) -> Iterator[str]:
    age, most = _days_between(champion.searched, today), settings.max_mask_age_days
    if most and age > most:
        yield f"the champion's masks are {age} days old; at most {most} are allowed"


def _drifted(settings: ChooseSearch, drift: Mapping[str, float]) -> Iterator[str]:
    most = settings.max_psi
    if most and drift and max(drift.values()) > most:
        name = max(drift, key=lambda field: drift[field])
        yield f"the ids of {name} drifted: PSI {drift[name]:.3g}, at most {most:.3g} is allowed"


def _fallen(
    settings: ChooseSearch,
    champion: DayDone,
    past: Sequence[DayDone],
    metrics: Mapping[str, str],
) -> Iterator[str]:
    start = {day.data_date: day.gain for day in past}.get(champion.searched, {})
    since = [day for day in past if day.data_date > champion.searched][-settings.gain_days :]
    for task, most in settings.max_gain_drop.items():
        known = [day.gain[task] for day in since if task in day.gain]
        if task not in start or len(known) < settings.gain_days:
            continue
        drop = start[task] - sum(known) / len(known)
        if drop > most:
            yield (
                f"the MTL gain of {task} in {metrics[task]} fell by {drop:.3g} from "
                f"{start[task]:.3g} on the search's day (mean of {len(known)} days); at most "
                f"{most:.3g} is allowed"
            )


def _days_between(one: str, other: str) -> int:
    return (date.fromisoformat(other) - date.fromisoformat(one)).days
