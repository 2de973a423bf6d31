from __future__ import annotations

import time
from pathlib import Path

import pytest

from components.reference import Reference
from components.store import DIGEST, KEY, PARENT, PATH, Store, end_dead, local_path, store_errors
from lt4rec_core.errors import ArtifactError, StoreError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    (made / "manifest.json").write_text("{}")
    return made


def finished(store: Store, folder: Path, key: str) -> Reference:
    run = store.start_child(store.start_parent("p", {}), "warmup", {KEY: key})
    reference = store.log_folder(run, folder, "warmup")
    store.set_tags(run, {DIGEST: reference.digest, PATH: reference.path})
    store.end(run, "FINISHED")
    return reference


def test_artifact_lies_in_the_workspace_and_is_used_in_place(store: Store, folder: Path) -> None:
    place = store.folder(finished(store, folder, "k"))
    assert place.is_relative_to(store.workspace / "artifacts")
    assert (place / "manifest.json").read_text() == "{}"


def test_changed_artifact_is_refused(store: Store, folder: Path) -> None:
    reference = finished(store, folder, "k")
    (store.folder(reference) / "manifest.json").write_text("{ }")
    with pytest.raises(ArtifactError, match="was changed after it was made"):
        store.folder(reference)


def test_missing_artifact_is_refused(store: Store, folder: Path) -> None:
    reference = finished(store, folder, "k")
    (store.folder(reference) / "manifest.json").unlink()
    with pytest.raises(ArtifactError):
        store.folder(reference)


def test_unknown_run_is_refused(store: Store) -> None:
    with pytest.raises(ArtifactError, match="is gone"):
        store.folder(Reference("0" * 32, "warmup", "ff"))


def test_only_finished_runs_of_the_same_key_are_found(store: Store, folder: Path) -> None:
    wanted = finished(store, folder, "k1")
    finished(store, folder, "k2")
    store.start_child(store.start_parent("p", {}), "warmup", {KEY: "k1"})
    assert [reference for _, reference in store.finished("k1")] == [wanted]


def test_dead_runs_are_ended_as_killed(store: Store) -> None:
    run = store.start_parent("p", {})
    end_dead(store, store.search("attributes.status = 'RUNNING'"))
    assert store.client.get_run(run).info.status == "KILLED"


def test_more_parameters_than_mlflow_takes_at_once(store: Store) -> None:
    run = store.start_parent("p", {})
    store.log_params(run, {f"p{n}": str(n) for n in range(250)})
    assert len(store.client.get_run(run).data.params) == 250


def test_metrics_come_back_by_step(store: Store) -> None:
    run = store.start_parent("p", {})
    for step, value in ((1, 0.5), (2, 0.4)):
        store.client.log_metric(run, "loss", value, step=step)
    assert store.metrics(run) == {1: {"loss": 0.5}, 2: {"loss": 0.4}}


def test_latest_run_of_each_node_counts(store: Store) -> None:
    parent = store.start_parent("p", {})
    store.start_child(parent, "warmup", {})
    again = store.start_child(parent, "warmup", {})
    assert store.children(parent)["warmup"].info.run_id == again


def test_a_run_that_finished_counts_though_the_clock_was_set_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = store.start_parent("p", {})
    store.end(store.start_child(parent, "warmup", {}), "FAILED")
    an_hour_ago = time.time() - 3600
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: an_hour_ago)
        again = store.start_child(parent, "warmup", {})
    store.end(again, "FINISHED")
    started = [run.info.start_time for run in store.search(f"tags.`{PARENT}` = '{parent}'")]
    assert started[0] - started[1] > 3_000_000
    assert store.children(parent)["warmup"].info.run_id == again


def test_local_path_knows_what_is_local() -> None:
    assert local_path("file:///a%20b/c") == Path("/a b/c")
    assert local_path("/a/b") == Path("/a/b")
    assert local_path("s3://bucket/a") is None


def test_errors_of_the_disk_become_store_errors() -> None:
    with pytest.raises(StoreError, match=r"x: .*No space left"), store_errors("x"):
        raise OSError(28, "No space left on device")
