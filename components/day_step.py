"""The step of one day: its rows stay in the workspace, where the runs of later days find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from components.digests import step_key, tree_digest
from components.reference import Reference
from components.step import Step, open_step
from lt4rec_core.data.days import Days
from lt4rec_core.errors import ArtifactError

if TYPE_CHECKING:
    from lt4rec_core.data.raw_day import RawDay


class DayStep(Step):
    """Files a day in `<workspace>/days/<digest>`; its record goes to MLflow."""

    def name_result(self, extra: str) -> str:
        """Returns a key of the day, wherever it stands in the run's window."""
        return step_key(self.stage, "", self.config, self.inputs, extra)

    def file_artifact(self) -> Reference:
        """Renames the folder to its digest and logs its record."""
        from lt4rec_core.data.raw_day import RECORD

        reference = Reference(self.run_id, "day", tree_digest(self.target))
        home = _home(self.context.workspace, reference)
        if not _is_whole(home, reference):
            home.parent.mkdir(parents=True, exist_ok=True)
            if home.exists():
                home.rename(self.room / "damaged")
            self.target.rename(home)
        self.store.log_file(self.run_id, home / RECORD, "day")
        return reference

    def check(self, reference: Reference) -> None:
        """Raises ArtifactError unless the day still lies in the workspace, whole."""
        find_day(self.context.workspace, reference)


def day_at(days: str, back: int) -> str:
    """Returns the day that lies `back` days before the last of `days`, "" if it's left out."""
    found = Days.from_json(days)
    day = found.window[-1 - back]
    return "" if day in found.left_out else day


@contextmanager
def open_day(config: str, run: str, source: str, day: str, back: int) -> Iterator[Step]:
    """Gives the step that reads `day`, `back` days before the test day."""

    def known(step: Step) -> str:
        from lt4rec_core.data.sources.registry import find

        settings = step.config.ingest
        return f"{day}/{find(settings.source).fingerprint(source, settings, (day,))}"

    node, task = f"ingest-day-{back}", str(back)
    with open_step(node, config, run, {}, task=task, extra=known, kind=DayStep) as step:
        yield step


def find_day(workspace: Path, reference: Reference) -> RawDay:
    """Opens the day that the reference means, every byte checked.

    Raises:
        ArtifactError: it's gone from the workspace or was changed.
    """
    from lt4rec_core.data.raw_day import open_raw_day

    home = _home(workspace, reference)
    if not _is_whole(home, reference):
        raise ArtifactError(f"{home} is gone or was changed after it was made; run again")
    return open_raw_day(home)


def open_input_days(step: Step, read: Mapping[str, str]) -> dict[str, RawDay] | None:
    """Opens the days that tasks of their own have read, by name; None if there are none."""
    workspace = step.context.workspace
    found = [find_day(workspace, Reference.parse(text)) for text in read.values() if text]
    return {day.day: day for day in found} or None


def _home(workspace: Path, reference: Reference) -> Path:
    return workspace / "days" / reference.digest[:16]


def _is_whole(home: Path, reference: Reference) -> bool:
    return home.is_dir() and tree_digest(home) == reference.digest
