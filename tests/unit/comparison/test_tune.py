from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from lt4rec_core.comparison import tune as module
from lt4rec_core.comparison.chosen import chosen_toml
from lt4rec_core.comparison.training import TrainedArm
from lt4rec_core.comparison.tune import Tuned, tune
from lt4rec_core.config import Config, changed
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.sealed import SealedDataset, seal
from lt4rec_core.errors import TrainingError
from lt4rec_core.tracking import SilentTracker


@pytest.fixture(scope="module")
def searched(tiny_config: Config) -> Config:
    return changed(
        tiny_config,
        {
            "comparison.trials": 3,
            "comparison.search": {
                "optimizer.learning_rate": {"low": 1e-3, "high": 1e-1, "log": True}
            },
        },
    )


@pytest.fixture(scope="module")
def found(
    searched: Config, tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Tuned:
    state = tmp_path_factory.mktemp("tuning")
    return tune(searched, "single_task", seal(tiny_dataset), state, SilentTracker())


def test_the_best_trial_by_validation_is_chosen(found: Tuned) -> None:
    skills = [trial["skill"] for trial in found.trials]
    assert len(skills) == 3
    assert found.best == skills.index(max(skills))
    assert found.chosen == found.trials[found.best]["settings"]


def test_the_configuration_itself_is_the_first_trial(found: Tuned) -> None:
    assert found.trials[0]["settings"] == {"optimizer.learning_rate": 0.01}


def test_a_search_cut_short_goes_on_and_finds_the_same(
    searched: Config, tiny_dataset: Dataset, found: Tuned, tmp_path: Path
) -> None:
    class Stopping(SilentTracker):
        def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
            if step == 1:
                raise KeyboardInterrupt

    arguments = (searched, "single_task", seal(tiny_dataset), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        tune(*arguments, Stopping())
    assert tune(*arguments, SilentTracker()) == found


def test_settings_that_diverge_are_the_worst(
    searched: Config, tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[SealedDataset] = []

    def train(
        config: Config, dataset: SealedDataset, room: Path, tracker: SilentTracker
    ) -> TrainedArm:
        calls.append(dataset)
        if len(calls) == 1:
            raise TrainingError("the loss is nan")
        return TrainedArm({}, {"ctr": 0.6, "cvr": 0.1})

    monkeypatch.setattr(module, "train_arm", train)
    found = tune(searched, "single_task", seal(tiny_dataset), tmp_path, SilentTracker())
    assert found.trials[0]["skill"] == -1.0
    assert found.best == 1
    assert all(isinstance(dataset, SealedDataset) for dataset in calls)


def test_what_was_chosen_before_has_no_part(
    searched: Config, tiny_dataset: Dataset, found: Tuned, tmp_path: Path
) -> None:
    again = changed(
        searched, {"comparison.chosen": {"single_task": {"optimizer.learning_rate": 0.05}}}
    )
    assert tune(again, "single_task", seal(tiny_dataset), tmp_path, SilentTracker()) == found


def test_chosen_settings_are_toml_that_the_configuration_takes(
    searched: Config, found: Tuned
) -> None:
    text = chosen_toml([found], {"seed": "1000"})
    chosen = tomllib.loads(text)["comparison"]["chosen"]
    assert chosen == {"single_task": dict(found.chosen)}
    changed(searched, {"comparison.chosen": chosen})
    assert "# seed: 1000" in text


def test_no_test_row_is_read(
    searched: Config, tiny_dataset: Dataset, found: Tuned, tmp_path: Path
) -> None:
    bereft = Dataset(tmp_path / "dataset", tiny_dataset.manifest, tiny_dataset.features)
    shutil.copytree(tiny_dataset.root, bereft.root)
    for path in bereft.paths("test"):
        path.unlink()
    again = tune(searched, "single_task", seal(bereft), tmp_path / "tuning", SilentTracker())
    assert again == found
