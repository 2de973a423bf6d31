"""A step that reads the raw logs: it knows which days its run reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from components.pipeline_run import start_run
from components.step import Step, open_step
from components.stopped_days import stopped_days
from lt4rec_core.data.days import Days, days_of
from lt4rec_core.data.split import window


class LogStep(Step):
    """Reads the `days` of its run; a daily one does without those that validation stopped."""

    days = Days((), {}, "")

    def look_up(self, source: str, days: str) -> str:
        """Takes the `days` that were found before, or looks them up; returns what names them."""
        self.days = Days.from_json(days) if days else self._days_of(source)
        return f"{self.context.data_date}/{self.days.to_json()}"

    def _days_of(self, source: str) -> Days:
        from lt4rec_core.data.sources.registry import find

        settings, date = self.config.ingest, self.context.data_date
        stopped: Mapping[str, str] = {}
        if self.context.retraining and date:
            before = window(date, settings.train_days)[:-1]
            stopped = stopped_days(self.store, self.config.register.model_name, before)
        return days_of(find(settings.source), source, settings, date, stopped)


L = TypeVar("L", bound=LogStep)


@contextmanager
def open_logs(
    node: str,
    kind: type[L],
    config: str,
    source: str,
    data_date: str,
    workspace: str,
    parent_run_id: str,
    git_commit: str,
    day: Mapping[str, Any] | None = None,
    days: str = "",
) -> Iterator[L]:
    """Gives the step of a node that reads logs, in a new pipeline run if none was started yet.

    `days` are those that another node of the run has found.
    """
    context = start_run(config, source, data_date, workspace, parent_run_id, git_commit, day)

    def known(step: Step) -> str:
        return cast(L, step).look_up(source, days)

    with open_step(node, config, context.to_json(), {}, extra=known, kind=kind) as step:
        yield cast(L, step)
