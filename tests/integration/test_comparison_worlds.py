"""The comparison command with a synthetic world beside: one more comparison in it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.store import open_store
from lt4rec_core.config import Tracking
from pipelines.cli import app

FIELDS = """
[[fields]]
name = "user_id"
[[fields]]
name = "item_id"
"""
TRAINING = """
[validate]
volume_ratio = [0.1, 10.0]
max_psi = 5.0
[model]
embedding_dim = 2
hidden = [4]
[optimizer]
batch_size = 128
learning_rate = 0.01
[prune]
rounds = 1
final_density = 0.5
"""
WORLD = f"""
{FIELDS}
{TRAINING}
[synthetic]
days = 3
rows_per_day = 300
users = 40
items = 60
tags = 12
[ingest]
train_days = 1
[ingest.events]
allow_extra_columns = true
"""
CONFIG = f"""
name = "small"
seed = 3
threads = 1
{FIELDS}
{TRAINING}
[ingest]
train_days = 3
[ingest.events]
allow_extra_columns = true
[evaluate]
bootstrap_replicates = 10
[comparison]
data_date = "2026-01-05"
processes = 1
arms = ["connection_share", "full_share"]
seeds = 1
world = "world.toml"
[[comparison.worlds]]
name = "torn"
conflict = 0.5
"""


def test_a_world_is_compared_reported_and_found_again(
    tiny_logs: Path,
    new_workspace: Callable[[], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    (tmp_path / "world.toml").write_text(WORLD)
    (tmp_path / "small.toml").write_text(CONFIG)
    workspace, results = new_workspace(), tmp_path / "out" / "RESULTS.md"
    arguments = ["compare", tmp_path / "small.toml", "--source", tiny_logs, "--json"]
    arguments += ["--workspace", workspace, "--results", results]

    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert set(answer["worlds"]) == {"torn"}
    points = answer["against_conflict"]["all"]["gain"]["ctr"]["points"]
    assert [point["conflict"] for point in points] == [0.5]
    assert len(answer["curve"]["connection_share"]["ctr"]["points"]) == 2

    text = results.read_text()
    for said in ("Arms, world 'torn' with conflict 0.5", "should fall", "lt4rec compare"):
        assert said in text
    linked = re.findall(r"\]\((.*?\.svg)\)", text)
    assert "docs/results/pruning-curve.svg" in linked
    assert all((results.parent / name).read_text().startswith("<?xml") for name in linked)

    store = open_store(Tracking(), workspace)
    runs = store.search("tags.`lt4rec.world` = 'torn'")
    assert {run.data.tags["lt4rec.node"] for run in runs} == {
        *("world-torn", "validate-torn", "baselines-torn", "compare-torn"),
        *("arm-full-share-3-torn", "arm-connection-share-3-torn"),
    }
    assert not list((workspace / "state").iterdir())

    again = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert again.stderr.count("] skipped") == 6 + 6
    assert json.loads(again.stdout.splitlines()[-1])["worlds"] == answer["worlds"]
