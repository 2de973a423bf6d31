from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from lt4rec_core.config import Config, Slice
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError, InputError
from lt4rec_core.versions.quality import judge_versions

Save = Callable[..., Path]


@pytest.fixture
def config(tiny_config: Config) -> Config:
    """The tiny run's, judged by tab and with few draws."""
    settings = dataclasses.replace(
        tiny_config.evaluate,
        bootstrap_replicates=20,
        slices=(Slice(name="user", column="known.user", min_rows=10),),
    )
    return dataclasses.replace(tiny_config, evaluate=settings)


def test_gain_is_b_over_a_on_the_same_rows(
    config: Config, tiny_dataset: Dataset, save: Save
) -> None:
    a, b = save(1), save(2)
    one, other = (judge_versions(config, tiny_dataset, *pair) for pair in ((a, b), (b, a)))
    for task, better in (("ctr", 1), ("cvr", -1)):
        judged, metric = one[task], one[task]["metric"]
        gain = judged["gain"]
        assert gain["value"] == pytest.approx(better * (judged["b"][metric] - judged["a"][metric]))
        assert gain["low"] <= gain["value"] <= gain["high"]
        assert other[task]["gain"]["value"] == pytest.approx(-gain["value"])
        assert other[task]["a"] == judged["b"]


def test_each_version_encodes_with_its_own_vocabulary(
    config: Config, tiny_dataset: Dataset, save: Save
) -> None:
    judged = judge_versions(config, tiny_dataset, save(), save(turned=True))
    for task in judged.values():
        assert task["a"] == pytest.approx(task["b"])
        assert task["gain"]["low"] == pytest.approx(0.0, abs=1e-12)
        assert task["gain"]["high"] == pytest.approx(0.0, abs=1e-12)


def test_slices_are_judged_alike(config: Config, tiny_dataset: Dataset, save: Save) -> None:
    judged = judge_versions(config, tiny_dataset, save(1), save(2))["ctr"]
    assert judged["slices"]
    for name, part in judged["slices"].items():
        assert name.startswith("user=")
        assert part["rows"] <= judged["rows"]
        assert part["gain"]["value"] == pytest.approx(part["b"]["auc"] - part["a"]["auc"])


def test_tasks_that_one_version_lacks_are_left_out(
    config: Config, tiny_dataset: Dataset, save: Save
) -> None:
    alone = save(1, tasks=("ctr",))
    assert list(judge_versions(config, tiny_dataset, alone, save(2))) == ["ctr"]
    with pytest.raises(InputError, match="no task in common"):
        judge_versions(config, tiny_dataset, alone, save(2, tasks=("cvr",)))


def test_damaged_version_is_refused(config: Config, tiny_dataset: Dataset, save: Save) -> None:
    a, b = save(1), save(2)
    (b / "model.safetensors").write_bytes(b"")
    with pytest.raises(ArtifactError):
        judge_versions(config, tiny_dataset, a, b)
