"""One comparison of two arms and two seeds over the tiny world, read only."""

from __future__ import annotations

import pytest

from lt4rec_core.comparison.arm import run_arm
from lt4rec_core.comparison.baselines import run_baselines
from lt4rec_core.comparison.result import Result
from lt4rec_core.config import Config, changed
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.tracking import SilentTracker

ARMS = ("single_task", "connection_share")


@pytest.fixture(scope="session")
def compared(tiny_config: Config) -> Config:
    """Settings of the comparison."""
    return changed(
        tiny_config,
        {
            "evaluate.slices": [{"name": "tab", "column": "tab", "min_rows": 20}],
            "comparison.arms": ARMS,
            "comparison.seeds": 2,
            "comparison.slices": ["tab=main"],
            "comparison.chosen": {"single_task": {"optimizer.learning_rate": 0.02}},
        },
    )


@pytest.fixture(scope="session")
def results(
    compared: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> list[Result]:
    """Arms and seeds, finished."""
    place = tmp_path_factory.mktemp("results")
    return [
        run_arm(
            compared,
            arm,
            seed,
            tiny_dataset,
            place / f"state-{arm}-{seed}",
            place / f"{arm}-{seed}",
            SilentTracker(),
        )
        for arm in ARMS
        for seed in (3, 4)
    ]


@pytest.fixture(scope="session")
def baselines(
    compared: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    """Baselines, finished."""
    target = tmp_path_factory.mktemp("baselines") / "result"
    return run_baselines(compared, tiny_dataset, target, SilentTracker())
