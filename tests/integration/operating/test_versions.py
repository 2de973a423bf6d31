"""Two versions in a real store, held side by side."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from components.inputs import dataset_folder
from components.pipeline_run import CONFIG_FILE
from lt4rec_core.config import Config, changed, to_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ConfigError, InputError
from lt4rec_core.training.checkpoint import save_checkpoint
from pipelines.cli import app
from pipelines.versions import compare_versions


@pytest.fixture
def two(past: Any, tiny_config: Config, tiny_dataset: Dataset) -> Any:
    """Two versions of one dataset: the second one's mask keeps half of the first one's."""
    home = dataset_folder(past.store.workspace, tiny_dataset.digest)
    shutil.copytree(tiny_dataset.root, home)
    for number, kept in ((1, [True, True]), (2, [True, False])):
        parent = past.parent(f"2026-01-0{number}")
        settings = to_mapping(changed(tiny_config, {"seed": number}))
        past.store.log_document(parent, settings, CONFIG_FILE)
        manifest = json.loads(tiny_dataset.manifest.to_json())
        past.node(
            parent, "ingest", "dataset", "manifest.json", manifest, digest=tiny_dataset.digest
        )
        mask = past.folder / f"mask-{number}"
        save_checkpoint(mask, "mask", {"over.0.weight": torch.tensor(kept)}, {})
        run = past.store.start_child(parent, "register", {})
        reference = past.store.log_folder(run, mask, "mask")
        past.version(
            run,
            f"2026-01-0{number}",
            **{
                "lt4rec.dataset": tiny_dataset.digest,
                "lt4rec.mask.ctr": "digest of the mask",
                "lt4rec.made_of": json.dumps({"mask-ctr": str(reference)}),
            },
        )
    return past


def test_versions_are_compared_in_quality_masks_settings_and_data(two: Any) -> None:
    found = compare_versions(two.store, "feed", "1", "2")
    assert (found["a"]["version"], found["b"]["data_date"]) == ("1", "2026-01-02")
    ctr = found["tasks"]["ctr"]
    assert ctr["a"] == ctr["b"] and ctr["gain"]["value"] == 0.0
    assert found["masks"] == {"ctr": {"a": 1.0, "b": 0.5, "overlap": 0.5}}
    assert found["settings"] == [{"setting": "seed", "a": 1, "b": 2}]
    days = found["data"]["a"]["splits"]["train"]["days"]
    assert found["data"]["common_train_days"] == days != []
    assert "why" not in found["data"]["drift"]
    assert found["vocabulary"] == {"user": {"a": 2, "b": 2, "both": 2}}
    json.dumps(found, allow_nan=False)


def test_dataset_that_is_not_here_is_told(two: Any, tiny_dataset: Dataset) -> None:
    shutil.rmtree(dataset_folder(two.store.workspace, tiny_dataset.digest))
    with pytest.raises(InputError, match=r"test day of version 2 .* isn't in"):
        compare_versions(two.store, "feed", "1", "2")


def test_run_without_its_configuration_needs_one(two: Any, tiny_config: Config) -> None:
    for path in (two.store.workspace / "artifacts").rglob(CONFIG_FILE):
        path.unlink()
    with pytest.raises(ConfigError, match="give its file in --config"):
        compare_versions(two.store, "feed", "1", "2")
    assert compare_versions(two.store, "feed", "1", "2", tiny_config)["settings"] is None


def test_damaged_mask_is_told_and_the_rest_compared(two: Any) -> None:
    for path in (two.store.workspace / "artifacts").rglob("tensors.safetensors"):
        path.write_bytes(b"")
    found = compare_versions(two.store, "feed", "1", "2")
    assert "was changed after it was made" in found["masks"]["why"]
    assert found["tasks"]["ctr"]


def test_command_prints_tables(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    place: Path = two.store.workspace
    result = CliRunner().invoke(app, ["compare-versions", "1", "2", "--workspace", str(place)])
    assert result.exit_code == 0, result.output
    for said in ("A  version 1 of 2026-01-01, accepted", "Masks", "50.0%", "seed", "Vocabularies"):
        assert said in result.stdout
    absent = CliRunner().invoke(app, ["compare-versions", "1", "9", "--workspace", str(place)])
    assert absent.exit_code == 2
    assert "has no version '9'; there are [1, 2]" in absent.stderr
