"""One workspace's life: a first run, runs that find its results, and the next day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.store import open_store
from lt4rec_core.config import Tracking

# MLflow's store uses an SQLAlchemy option that 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
FIRST, NEXT = "2026-01-05", "2026-01-06"
NODES = {
    *("ingest", "validate", "warmup", "prune-ctr", "prune-cvr", "single-task-ctr"),
    *("single-task-cvr", "joint-train", "evaluate", "register"),
}


@dataclass(frozen=True)
class Life:
    """The commands of one workspace in the order in which they were called."""

    workspace: Path
    first: Any
    again: Any
    refused: Any
    next_day: Any


@pytest.fixture(scope="module")
def life(lt4rec, logs, tmp_path_factory) -> Life:
    """Four runs in one workspace; what they did is asked by many tests."""
    workspace = tmp_path_factory.mktemp("life") / "it's a [work] space"
    impossible = '[{task = "ctr", metric = "auc", floor = 1.0}]'
    possible = '[{task = "ctr", metric = "auc", floor = 0.01, max_loss = 1.0}]'
    return Life(
        workspace,
        first=lt4rec.run(logs, FIRST, workspace),
        again=lt4rec.run(logs, FIRST, workspace),
        refused=lt4rec.run(logs, FIRST, workspace, register__rules=impossible),
        next_day=lt4rec.run(logs, NEXT, workspace, register__rules=possible),
    )


@pytest.fixture(scope="module")
def store(life):
    """The workspace's MLflow store."""
    return open_store(Tracking(), life.workspace)


def test_result_has_the_promised_keys_and_types(life):
    result = life.first.result
    assert set(result) == {
        *("run_id", "data_date", "metrics", "mtl_gain", "masks", "gate", "model", "report"),
        *("events", "seconds"),
    }
    assert result["data_date"] == FIRST
    assert 0 < result["metrics"]["ctr"]["auc"] < 1
    assert 0 < result["metrics"]["cvr"]["mse"] < 1
    for gain in result["mtl_gain"].values():
        assert gain["low"] <= gain["high"]
        assert isinstance(gain["value"], float)
    for task in ("ctr", "cvr"):
        mask = result["masks"][task]
        assert 0 < mask["density"] <= 1
        assert re.fullmatch("[0-9a-f]{64}", mask["digest"])
        assert isinstance(mask["round"], int)
    assert 0 <= result["masks"]["overlap"] <= 1
    assert result["gate"]["accepted"] is True
    assert all(isinstance(reason, str) for reason in result["gate"]["reasons"])
    assert set(result["model"]) == {"name", "version", "alias", "uri"}
    assert result["model"]["alias"] == "champion"
    assert set(result["seconds"]) == NODES


def test_stdout_is_the_json_object_only(life):
    assert len(life.first.stdout.splitlines()) == 1


def test_progress_names_every_node(life):
    assert life.first.nodes("started") == NODES
    assert life.first.nodes("finished in") == NODES


def test_report_is_one_page_in_the_workspace(life):
    page = Path(life.first.result["report"])
    assert page.is_relative_to(life.workspace)
    assert "</html>" in page.read_text(encoding="utf-8")


def test_report_is_fetched_from_mlflow_again(life, lt4rec, tmp_path):
    run_id, target = life.first.result["run_id"], tmp_path / "page.html"
    place = ("--workspace", life.workspace, "--run-id", run_id, "--target", target)
    ended = lt4rec("report", *place)
    assert ended.stdout.strip() == str(target)
    assert target.read_bytes() == Path(life.first.result["report"]).read_bytes()


def test_mlflow_has_one_parent_and_a_child_a_node(life, store):
    run_id = life.first.result["run_id"]
    parent = store.client.get_run(run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["data_date"] == FIRST
    children = store.children(run_id)
    assert set(children) == NODES
    for child in children.values():
        assert child.info.status == "FINISHED"
        for tag in ("data_date", "git_commit", "config_digest"):
            assert child.data.tags.get(tag) == parent.data.tags.get(tag)
        assert [entry.dataset.digest for entry in child.inputs.dataset_inputs]
    assert len(store.metrics(children["prune-cvr"].info.run_id)) > 2


def test_model_is_in_the_registry_as_said(life, store):
    model = life.first.result["model"]
    found = store.client.get_model_version(model["name"], model["version"])
    assert found.tags["lt4rec.data_date"] == FIRST
    assert found.tags["lt4rec.accepted"] == "true"


def test_same_run_again_skips_everything_and_keeps_the_version(life, store):
    assert life.again.nodes("skipped") == NODES
    first, again = life.first.result, life.again.result
    for key in ("metrics", "masks", "mtl_gain", "gate", "model"):
        assert again[key] == first[key]
    assert again["run_id"] != first["run_id"]
    assert Path(again["report"]).is_file()


def test_changed_gate_rule_runs_register_only_and_its_version_stays_challenger(life):
    assert life.refused.nodes("skipped") == NODES - {"register"}
    assert life.refused.nodes("started") == {"register"}
    result = life.refused.result
    assert result["gate"]["accepted"] is False
    assert "auc" in result["gate"]["reasons"][0]
    assert (result["model"]["version"], result["model"]["alias"]) == ("2", "challenger")


def test_next_day_is_another_version_held_against_the_champion(life):
    assert life.next_day.nodes("started") == NODES
    former, model = life.first.result["model"], life.next_day.result["model"]
    assert model["version"] == "3"
    reasons = " ".join(life.next_day.result["gate"]["reasons"])
    assert f"champion (version {former['version']})" in reasons


def test_alias_moved_and_the_former_is_previous(life, store):
    name = life.next_day.result["model"]["name"]
    versions = {
        alias: str(store.client.get_model_version_by_alias(name, alias).version)
        for alias in ("champion", "previous")
    }
    assert versions["champion"] == life.next_day.result["model"]["version"]
    assert versions["previous"] == life.first.result["model"]["version"]


def test_changed_data_is_ingested_and_validated_anew(life, lt4rec, logs, tmp_path):
    changed = tmp_path / "logs"
    _copy_but_one_row(logs, changed)
    ended = lt4rec.validate(changed, FIRST, life.workspace)
    assert ended.nodes("started") == {"ingest", "validate"}


def test_validate_takes_up_what_a_run_made(life, lt4rec, logs):
    ended = lt4rec.validate(logs, FIRST, life.workspace)
    assert ended.nodes("skipped") == {"ingest", "validate"}
    assert Path(ended.result["data_docs"]).is_file()


def test_nothing_is_written_outside_the_workspace(life, lt4rec):
    assert [*lt4rec.home.rglob("*")] == []
    assert [*lt4rec.stand.rglob("*")] == []


def test_nothing_half_written_is_left(life):
    assert not [*life.workspace.rglob("*.partial-*")]
    kept = {"artifacts", "cache", "datasets", "locks", "mlflow.db", "reports"}
    empty = {"runs", "scratch", "state"}
    assert {path.name for path in life.workspace.iterdir()} == kept | empty
    for name in empty:
        assert not [*(life.workspace / name).iterdir()]


def _copy_but_one_row(logs: Path, target: Path) -> None:
    import polars as pl

    for file in sorted(logs.rglob("*.parquet")):
        copy = target / file.relative_to(logs)
        copy.parent.mkdir(parents=True, exist_ok=True)
        rows = pl.read_parquet(file)
        changed = "impressions" in file.parts and f"date={FIRST}" in file.parts
        (rows[1:] if changed else rows).write_parquet(copy)
