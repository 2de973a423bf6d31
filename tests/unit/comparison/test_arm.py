from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.comparison.arm import run_arm
from lt4rec_core.comparison.result import Result, open_result
from lt4rec_core.comparison.settings import sections_of, settings_of
from lt4rec_core.comparison.training import train_arm
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.sealed import seal
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.sharing.registry import ALONE, SHARING
from lt4rec_core.tracking import SilentTracker


class KilledError(Exception):
    pass


class KillingTracker(SilentTracker):
    """Ends the process's work at the n-th record."""

    def __init__(self, after: int) -> None:
        self.left = after

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise KilledError


class Watched:
    """Stands in for a Config and remembers which of its sections are read."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self._config, name)


def run(config: Config, arm: str, dataset: Dataset, place: Path, tracker=None) -> Result:
    tracker = tracker or SilentTracker()
    return run_arm(config, arm, 3, dataset, place / "state", place / "result", tracker)


def same_but_seconds(one: Result, other: Result) -> bool:
    left, right = ({**r.record, "seconds": 0} for r in (one, other))
    return left == right and one.predictions().equals(other.predictions())


@pytest.mark.parametrize("place", [0, 2])
def test_a_row_is_rebuilt_to_the_last_digit(
    place: int, compared: Config, results: list[Result], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    before = results[place]
    assert same_but_seconds(run(compared, before.arm, tiny_dataset, tmp_path), before)


@pytest.mark.parametrize("after", [1, 40, 130])
def test_a_killed_arm_goes_on_and_ends_the_same(
    after: int, compared: Config, results: list[Result], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(KilledError):
        run(compared, "connection_share", tiny_dataset, tmp_path, KillingTracker(after))
    assert not (tmp_path / "result").exists()
    again = run(compared, "connection_share", tiny_dataset, tmp_path)
    assert same_but_seconds(again, results[2])


@pytest.mark.parametrize("arm", sorted(SHARING | ALONE))
def test_training_needs_no_test_rows_and_no_setting_that_the_key_does_not_know(
    arm: str, compared: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    bereft = Dataset(tmp_path / "dataset", tiny_dataset.manifest, tiny_dataset.features)
    shutil.copytree(tiny_dataset.root, bereft.root)
    for path in bereft.paths("test"):
        path.unlink()
    watched = Watched(settings_of(compared, arm, 3))
    trained = [
        train_arm(watched, seal(dataset), tmp_path / f"room-{place}", SilentTracker())
        for place, dataset in enumerate((tiny_dataset, bereft))
    ]
    digests = [[saved.digest for saved in arm.networks.values()] for arm in trained]
    assert digests[0] == digests[1]
    assert watched.seen <= set(sections_of(arm))


def test_the_subnetwork_alone_is_the_one_that_connection_share_found(
    compared: Config, results: list[Result], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    alone = run(compared, "subnetwork_alone", tiny_dataset, tmp_path)
    assert alone.record["masks"] == results[2].record["masks"]
    assert not alone.predictions()["p.ctr"].equals(results[2].predictions()["p.ctr"])


def test_of_a_single_task_alone_and_together_are_the_same(
    compared: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    config = dataclasses.replace(compared, tasks=compared.tasks[:1])
    one, other = (
        run(config, arm, tiny_dataset, tmp_path / arm).predictions()
        for arm in ("subnetwork_alone", "connection_share")
    )
    assert one.equals(other)


def test_result_says_how_it_can_be_rebuilt(results: list[Result]) -> None:
    record = results[2].record
    assert {"seed", "threads", "dataset", "code", "config_digest", "settings"} <= set(record)
    assert set(record["masks"]) == {"ctr", "cvr"}
    assert set(record["overlap"]) == {"ctr/cvr"}
    assert (results[2].root / "masks" / "ctr" / "tensors.safetensors").is_file()


def test_predictions_are_of_all_test_rows(results: list[Result], tiny_dataset: Dataset) -> None:
    rows = results[0].predictions()
    scan = tiny_dataset.scan("test")
    assert rows["row_id"].equals(scan.select("row_id").collect()["row_id"])
    assert {"user", "tab", "label.click", "p.ctr", "p.cvr"} <= set(rows.columns)


def test_a_damaged_result_is_refused(results: list[Result], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(results[0].root, copy)
    (copy / "predictions.parquet").write_bytes(b"")
    with pytest.raises(ArtifactError, match="train this arm anew"):
        open_result(copy)
