"""choose_search's step: what the registry says of the days before is part of its key."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from components.champion import find_obstacle, open_champion
from components.days_done import NONE, STARTED_FROM, day_done, days_done
from components.inputs import open_input_dataset
from components.step import Step, open_step
from lt4rec_core.config import digest
from lt4rec_core.data.manifest import Manifest
from lt4rec_core.stages.choose_search import Choice, DayDone, open_choice

SEARCH, REASON = "lt4rec.search", "lt4rec.search_reason"
"""Tags of a daily run and its version: "true" where masks were searched, and why."""


class ChoiceStep(Step):
    """Looks the champion and the days before up in the registry."""

    champion: DayDone | None = None
    obstacle: str = ""
    learned: Manifest | None = None
    past: tuple[DayDone, ...] = ()

    def look_up(self) -> str:
        """Reads the registry; returns the digest of what the choice depends on."""
        name = self.config.register.model_name
        self.past = tuple(days_done(self.store, name, self.context.data_date))
        if self.context.champion:
            self.champion = day_done(self.store, name, self.context.champion)
            self.obstacle = find_obstacle(self.store, self.config, self.champion)
            if not self.obstacle:
                self.learned = open_champion(self.store, self.champion).dataset.manifest
        known = [self.champion, *self.past]
        plain = [None if day is None else dataclasses.asdict(day) for day in known]
        return digest(plain, self.obstacle)

    def choose(self, dataset: str, validation: str) -> None:
        """Runs the stage."""
        from lt4rec_core.stages.choose_search import choose_search as stage

        text = (self.folder(validation) / "validation.json").read_text(encoding="utf-8")
        stage(
            self.config,
            open_input_dataset(self, dataset),
            self.champion,
            self.obstacle,
            self.past,
            json.loads(text),
            self.target,
            self.tracker,
            self.learned,
        )

    def finish(self) -> None:
        """Tells the pipeline's run what was chosen, too."""
        super().finish()
        tags = tags_of(open_choice(self.folder(self.reference)))
        for run_id in (self.run_id, self.context.run_id):
            self.store.set_tags(run_id, tags)


@contextmanager
def open_choosing(config: str, run: str, dataset: str, validation: str) -> Iterator[ChoiceStep]:
    """Gives choose_search's step, as `open_step` does."""
    inputs = {"dataset": dataset, "validation": validation}

    def known(step: Step) -> str:
        return cast("ChoiceStep", step).look_up()

    with open_step("choose-search", config, run, inputs, extra=known, kind=ChoiceStep) as step:
        yield cast("ChoiceStep", step)


def tags_of(choice: Choice) -> dict[str, str]:
    """Returns what MLflow shows of a choice."""
    return {
        SEARCH: str(choice.search).lower(),
        REASON: choice.reason,
        STARTED_FROM: NONE if choice.champion is None else choice.champion.version,
    }
