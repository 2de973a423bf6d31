from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from lt4rec_core.comparison.baselines import MODELS, Rates, run_baselines
from lt4rec_core.comparison.result import Result
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.samples import read_samples
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import SilentTracker


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("task", ["ctr", "cvr"])
def test_predictions_are_probabilities_that_differ(name: str, task: str, baselines: Result) -> None:
    values = baselines.predictions()[f"{name}.{task}"].to_numpy()
    assert np.all((values >= 0) & (values <= 1))
    assert values.std() > 0


def test_baselines_are_the_same_when_fitted_again(
    compared: Config, baselines: Result, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    again = run_baselines(compared, tiny_dataset, tmp_path / "again", SilentTracker())
    assert again.predictions().equals(baselines.predictions())


def test_a_training_row_s_own_label_has_no_part_in_its_rates(tiny_dataset: Dataset) -> None:
    samples = read_samples(tiny_dataset, "train")
    before = Rates(TASKS["ctr"], tiny_dataset, samples, seed=0).out_of_fold
    flipped = samples.labels["click"].clone()
    flipped[0] = 1 - flipped[0]
    changed = dataclasses.replace(samples, labels={**samples.labels, "click": flipped})
    after = Rates(TASKS["ctr"], tiny_dataset, changed, seed=0).out_of_fold
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before, after)
