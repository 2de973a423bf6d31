"""Bad input and bad stores: the exit code, a clear message, and a rerun once it is mended."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from components.store import open_store
from lt4rec_core.config import Tracking

DAY = "2026-01-05"


@pytest.fixture(scope="module")
def workspace(new_workspace) -> Path:
    """One for all tests: what one of them breaks mustn't reach the next."""
    return new_workspace()


@pytest.fixture
def own_logs(logs, tmp_path) -> Path:
    """A copy of the logs, to be spoiled."""
    return Path(shutil.copytree(logs, tmp_path / "own"))


def _impressions(logs: Path, day: str) -> Path:
    [file] = (logs / "impressions" / f"date={day}").glob("*.parquet")
    return file


def _message(ended) -> str:
    return ended.stderr[ended.stderr.index("\nerror: ") :]


def test_missing_day_exits_2_and_names_the_days_there_are(lt4rec, logs, workspace):
    before = {*(workspace / "datasets").glob("*")}
    ended = lt4rec.run(logs, "2026-03-01", workspace)
    assert {*(workspace / "datasets").glob("*")} == before
    assert (ended.code, ended.stdout) == (2, "")
    assert "2026-03-01" in _message(ended)
    assert "2026-01-06" in _message(ended)
    assert "Traceback" not in ended.stderr


def test_missing_source_exits_2(lt4rec, workspace, tmp_path):
    ended = lt4rec.validate(tmp_path / "nowhere", DAY, workspace)
    assert ended.code == 2
    assert "nowhere" in _message(ended)


def test_unknown_key_exits_2_with_the_nearest_known_one(lt4rec, logs, tmp_path):
    ended = lt4rec.run(logs, DAY, tmp_path / "workspace", prune__final_densty=0.3)
    assert ended.code == 2
    assert "did you mean 'final_density'?" in ended.stderr
    assert not [*tmp_path.iterdir()]


def test_missing_column_exits_2_and_the_mended_logs_pass(lt4rec, logs, own_logs, workspace):
    before = {*(workspace / "datasets").glob("*")}
    spoiled = _impressions(own_logs, "2026-01-03")
    pl.read_parquet(spoiled).drop("tags").write_parquet(spoiled)
    ended = lt4rec.validate(own_logs, DAY, workspace)
    assert ended.code == 2
    assert "tags" in _message(ended)
    assert {*(workspace / "datasets").glob("*")} == before

    shutil.copy(_impressions(logs, "2026-01-03"), spoiled)
    assert lt4rec.validate(own_logs, DAY, workspace).code == 0


def test_truncated_file_exits_2_and_is_named(lt4rec, own_logs, workspace):
    spoiled = _impressions(own_logs, "2026-01-02")
    spoiled.write_bytes(spoiled.read_bytes()[:-100])
    ended = lt4rec.validate(own_logs, DAY, workspace)
    assert ended.code == 2
    assert spoiled.name in _message(ended)


def test_failed_validation_exits_3_before_any_training(lt4rec, logs, workspace):
    ended = lt4rec.run(logs, DAY, workspace, validate__min_rows=100_000)
    assert (ended.code, ended.stdout) == (3, "")
    assert "row_count" in _message(ended)
    store = open_store(Tracking(), workspace)
    parent = next(run for run in store.search("") if "lt4rec.node" not in run.data.tags)
    assert parent.info.status == "FAILED"
    steps = store.children(parent.info.run_id)
    assert set(steps) == {"ingest", "validate"}
    kept = store.client.list_artifacts(steps["validate"].info.run_id, "validate")
    assert {Path(entry.path).name for entry in kept} == {"validation.json", "data_docs"}

    failed = lt4rec.validate(logs, DAY, workspace, validate__min_rows=100_000)
    assert failed.code == 3
    assert '"failed": true' in failed.stdout


def test_locked_store_exits_1_and_says_so(lt4rec, logs, tmp_path):
    holder = sqlite3.connect(tmp_path / "mlflow.db")
    holder.execute("BEGIN EXCLUSIVE")
    ended = lt4rec.run(logs, DAY, tmp_path)
    holder.close()
    assert ended.code == 1
    assert "mlflow.db can't be written (database is locked)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_read_only_store_exits_1_and_says_so(lt4rec, logs, workspace, tmp_path):
    database = tmp_path / "mlflow.db"
    sqlite3.connect(database).close()
    uri = f"sqlite:///file:{database}?mode=ro&uri=true"
    ended = lt4rec.run(logs, DAY, workspace, tracking__uri=uri)
    assert ended.code == 1
    assert "can't be written" in ended.stderr
    assert "Traceback" not in ended.stderr
