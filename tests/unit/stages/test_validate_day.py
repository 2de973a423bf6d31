"""Days that are counted one by one are judged as those that are counted at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.stages.validate_day import validate_day
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.validation import count
from lt4rec_core.validation.expectation import Measure
from lt4rec_core.validation.profile import DayProfile, open_profile
from lt4rec_core.validation.registry import EXPECTATIONS
from lt4rec_core.validation.subject import subject_of


@pytest.fixture
def profiles(tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path) -> dict[str, DayProfile]:
    found = {}
    for record in tiny_dataset.manifest.days:
        target = tmp_path / record.day
        validate_day(tiny_config, tiny_dataset, record.day, target, SilentTracker())
        found[record.day] = open_profile(target)
    return found


def plain(measures: dict[str, list[Measure]]) -> dict[str, list[dict[str, Any]]]:
    """What a measure says; expressions can't be compared."""
    return {
        name: [vars(dataclasses.replace(measure, offending=None)) for measure in taken]
        for name, taken in measures.items()
    }


def test_every_expectation_measures_the_same_from_profiles(
    tiny_config: Config,
    tiny_dataset: Dataset,
    profiles: dict[str, DayProfile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = subject_of(tiny_config, tiny_dataset)
    whole = count.measure(subject, EXPECTATIONS, SilentTracker())
    monkeypatch.delattr(count, "profile_day")  # nothing is counted again
    gathered = count.measure(subject, EXPECTATIONS, SilentTracker(), profiles)
    assert plain(gathered) == plain(whole)


def test_a_profile_that_cannot_be_read_is_refused(
    profiles: dict[str, DayProfile], tmp_path: Path
) -> None:
    folder = tmp_path / next(iter(profiles))
    (folder / "counts.parquet").write_bytes(b"no Parquet")
    with pytest.raises(ArtifactError, match=r"counts\.parquet can't be read"):
        open_profile(folder)
