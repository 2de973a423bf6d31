"""The champion that a daily run starts from, as the run's steps see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.days_done import day_done
from components.inputs import find_dataset
from components.reference import Reference
from components.step import Step
from components.store import Store
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset, trained_on
from lt4rec_core.errors import ArtifactError
from lt4rec_core.stages.choose_search import Choice, DayDone, open_choice

if TYPE_CHECKING:
    from lt4rec_core.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Champion:
    """A registered version whose parts are at hand: what they were made for, and where."""

    store: Store
    version: str
    dataset: Dataset
    parts: dict[str, str]

    def network(self, part: str, stage: str, data: Dataset, target: Path) -> Checkpoint:
        """Carries the network `part` over to `data`'s features, and saves it to `target`."""
        from lt4rec_core.retraining.carry import carry_network

        root = self._folder(part)
        return carry_network(root, stage, self.version, self.dataset, data, target)

    def mask(self, task: str, data: Dataset, target: Path) -> Checkpoint:
        """Carries the task's mask over to `data`'s features, and saves it to `target`."""
        from lt4rec_core.retraining.carry import carry_mask

        root = self._folder(f"mask-{task}")
        return carry_mask(root, self.version, self.dataset, data, target)

    def _folder(self, part: str) -> Path:
        return self.store.folder(Reference.parse(self.parts[part]))


def open_champion(store: Store, done: DayDone, verify: bool = False) -> Champion:
    """Opens the parts of a version; `verify` compares its whole dataset with its digest.

    Raises:
        ArtifactError: the dataset is gone or damaged.
    """
    if "dataset" not in done.made_of:
        raise ArtifactError("it doesn't say what it was made of")
    dataset = find_dataset(store.workspace, Reference.parse(done.made_of["dataset"]), verify)
    return Champion(store, done.version, dataset, dict(done.made_of))


def find_obstacle(store: Store, config: Config, done: DayDone) -> str:
    """Says why a run under `config` can't start from the version, "" if it can."""
    from lt4rec_core.retraining.carry import check_start

    try:
        champion = open_champion(store, done, verify=True)
        wanted = {"joint"} | {
            f"{part}-{task.name}" for task in config.tasks for part in ("mask", "single")
        }
        if set(champion.parts) - {"dataset"} != wanted:
            raise ArtifactError("it has other tasks than the configuration")
        folders = {
            part: store.folder(Reference.parse(champion.parts[part])) for part in sorted(wanted)
        }
        check_start(config, champion.dataset, folders["joint"])
    except ArtifactError as error:
        return str(error)
    return ""


def base_of(step: Step) -> Dataset | None:
    """Returns the dataset whose ids a daily run's dataset keeps, None where there is none."""
    if not step.context.champion:
        return None
    done = day_done(step.store, step.config.register.model_name, step.context.champion)
    if find_obstacle(step.store, step.config, done):
        return None  # choose_search says why, and searches
    return open_champion(step.store, done).dataset


def chosen(step: Step, search: str) -> Choice | None:
    """Returns the choice `search` refers to if the run starts from the champion; else None.

    `search` is "" in the training DAG, which always searches.
    """
    if not search:
        return None
    choice = open_choice(step.folder(search))
    return None if choice.search else choice


def champion_behind(step: Step, choice: Choice) -> Champion:
    """Opens the champion that the run starts from."""
    if choice.champion is None:
        raise ArtifactError("the choice names no champion, and doesn't search: choose anew")
    step.tracker.progress(f"begins from version {choice.champion.version}")
    return open_champion(step.store, choice.champion)


def learned_from(data: Dataset, choice: Choice | None) -> Dataset:
    """Returns the dataset to learn from: where a champion trains on, its new days alone."""
    return data if choice is None else trained_on(data, choice.train_days)


def with_choice(inputs: Mapping[str, str], search: str) -> dict[str, str]:
    """Returns a step's inputs, among them the choice if there is one."""
    return {**inputs, "search": search} if search else dict(inputs)
