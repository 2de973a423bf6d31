from __future__ import annotations

from pathlib import Path

import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.tracking import SilentTracker


@pytest.mark.parametrize("task", ["ctr", "cvr"])
def test_a_baseline_is_a_whole_network_for_one_task(
    task: str, tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    saved = single_task(
        tiny_config, task, tiny_dataset, tmp_path / "state", tmp_path / "single", SilentTracker()
    )
    assert set(saved.manifest["metrics"]) == {task}
    assert {"embeddings.weight", "over.0.weight", f"output.{task}.weight"} <= set(
        saved.group("weights")
    )
    assert 0 < saved.manifest["best_step"] <= saved.manifest["steps"]
