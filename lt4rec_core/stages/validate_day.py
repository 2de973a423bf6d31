"""Stage validate_day: one day's counts, for validate to judge; see its `profiles`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.tracking import Tracker

if TYPE_CHECKING:
    from lt4rec_core.data.dataset import Dataset


def validate_day(
    config: Config, dataset: Dataset, day: str, target: Path, tracker: Tracker
) -> None:
    """Counts the rows of a day of `dataset`, and writes its profile to the folder `target`.

    What takes several days at once, or all rows of one, isn't in it: rows that repeat
    (`duplicates`, `copied_rows`), the busiest users and items (`top_share`), and how many
    independent users the days of `drift` have.

    Raises:
        ConfigError: [validate] names an expectation, column or field that doesn't exist.
        StoreError: `target` can't be written.
    """
    from lt4rec_core.data.memory import read_ahead_little
    from lt4rec_core.validation.profile import profile_day, save_profile
    from lt4rec_core.validation.registry import asked_for, severities
    from lt4rec_core.validation.subject import subject_of

    read_ahead_little()
    subject = subject_of(config, dataset)
    (chosen,) = (entry for entry in subject.days if entry.name == day)
    profile = profile_day(subject, asked_for(severities(config.validate.severity)), chosen)
    fields = [f for f in dataset.features.fields if subject.holds(chosen, f"id.{f.name}")]
    with folder_aside(target) as folder:
        save_profile(profile, fields, folder)
    tracker.progress(f"counted {chosen.split} day {day}")
