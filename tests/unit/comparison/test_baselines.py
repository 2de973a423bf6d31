from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lt4rec_core.comparison.baselines import MODELS, run_baselines
from lt4rec_core.comparison.result import Result
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
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
