"""Days whose own run validation stopped: the runs of the days after do without them."""

from __future__ import annotations

from collections.abc import Collection

from components.pipeline_run import DAILY, MODEL_NAME, PIPELINE
from components.step import Step
from components.store import Store
from lt4rec_core.validation.outcome import ValidationOutcome

BROKE = "lt4rec.broke"
"""Tag of a validated run: the expectations that its own day broke, "none" if it's a good day."""
_NONE = "none"


def tell_verdict(step: Step, outcome: ValidationOutcome | None = None) -> None:
    """Records what validation found of the run's own day; without an outcome, that it's good.

    A run that is stopped for what is wrong with another day says nothing of its own.
    """
    broke = () if outcome is None else outcome.broken_on(step.context.data_date)
    if outcome is None or broke:
        step.store.set_tags(step.context.run_id, {BROKE: ", ".join(broke) or _NONE})


def stopped_days(store: Store, model: str, days: Collection[str]) -> dict[str, str]:
    """Returns those of `days` whose latest daily run in this workspace was stopped, with why.

    A day that was mended and run again isn't among them any more.
    """
    condition = (
        f"tags.`{PIPELINE}` = '{DAILY}' and tags.`{MODEL_NAME}` = '{model}' "
        f"and tags.`{BROKE}` != ''"
    )
    latest: dict[str, str] = {}
    for run in store.search_here(condition):
        latest.setdefault(run.data.tags.get("data_date", ""), run.data.tags[BROKE])
    return {
        day: f"validation stopped its run ({latest[day]})"
        for day in days
        if latest.get(day, _NONE) != _NONE
    }
