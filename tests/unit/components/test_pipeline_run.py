from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from components.pipeline_run import (
    KFP_RUN,
    end_killed,
    finished_day,
    held,
    new_parent,
    scratch_folder,
    start_run,
)
from components.store import Store
from lt4rec_core.config import Config, Tracking, from_mapping, to_mapping


@pytest.fixture
def config() -> Config:
    return from_mapping({"name": "feed", "fields": [{"name": "user_id"}]})


def status(store: Store, run_id: str) -> str:
    return str(store.client.get_run(run_id).info.status)


def test_run_whose_process_is_gone_is_ended_with_its_steps(store: Store, config: Config) -> None:
    with held(store.workspace) as lock:
        run = new_parent(store, config, "/logs", "2026-01-04", "abc", lock)
        step = store.start_child(run, "warmup", {})
        scratch_folder(store.workspace, run).mkdir(parents=True)
    end_killed(store)
    assert (status(store, run), status(store, step)) == ("KILLED", "KILLED")
    assert not scratch_folder(store.workspace, run).exists()


def test_run_whose_process_lives_is_left_alone(store: Store, config: Config) -> None:
    with held(store.workspace) as lock:
        run = new_parent(store, config, "/logs", "2026-01-04", "abc", lock)
        end_killed(store)
        assert status(store, run) == "RUNNING"


@pytest.mark.parametrize("lock", ["", "gone"])
def test_run_of_a_cluster_or_another_workspace_is_left_alone(
    store: Store, config: Config, lock: str
) -> None:
    elsewhere = dataclasses.replace(store, workspace=Path("/elsewhere/don't"))
    run = new_parent(elsewhere if lock else store, config, "s3://logs", "2026-01-04", "", lock)
    end_killed(store)
    assert status(store, run) == "RUNNING"


def test_lock_that_leads_out_of_the_workspace_is_nobodys(store: Store, config: Config) -> None:
    outside = store.workspace.parent / "theirs.lock"
    outside.write_text("", encoding="utf-8")
    (store.workspace / "runs").mkdir(parents=True)
    run = new_parent(store, config, "/logs", "2026-01-04", "abc", "../../theirs")
    end_killed(store)
    assert outside.exists()
    assert status(store, run) == "RUNNING"


def test_run_tells_what_it_is_about(store: Store, config: Config) -> None:
    run = store.client.get_run(new_parent(store, config, "/logs", "2026-01-04", "abc"))
    assert run.info.run_name == "feed 2026-01-04"
    assert run.data.tags["lt4rec.source"] == "/logs"
    assert run.data.tags["git_commit"] == "abc"


def test_day_of_a_scheduled_run_is_derived_from_when_it_was_due_and_kept(
    store: Store, config: Config
) -> None:
    ingest = dataclasses.replace(config.ingest, time_zone="Asia/Shanghai", delay_hours=3.0)
    settings = dataclasses.replace(config, ingest=ingest, tracking=Tracking(experiment="test"))
    text, due = json.dumps(to_mapping(settings)), "2026-01-04T20:00:00Z"  # 04:00 in Shanghai
    context = start_run(text, "s3://logs", due, str(store.workspace), "", "", {"forced": False})
    tags = store.tags(context.run_id)
    assert context.data_date == tags["data_date"] == "2026-01-05"
    assert tags["lt4rec.scheduled_time"] == due
    assert tags["lt4rec.pipeline"] == "daily-retraining"


def test_second_attempt_of_a_kubeflow_run_goes_on_with_its_run(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(config, tracking=Tracking(experiment="test"))

    def attempt(kubeflow_run: str) -> str:
        monkeypatch.setenv(KFP_RUN, kubeflow_run)
        text = json.dumps(to_mapping(settings))
        return start_run(text, "s3://logs", "2026-01-04", str(store.workspace), "", "").run_id

    first = attempt("one")
    assert attempt("one") == first
    assert attempt("two") != first


def test_finished_day_is_found_whatever_quotes_are_in_the_workspaces_path(
    store: Store, config: Config
) -> None:
    place = dataclasses.replace(store, workspace=Path("""/it's a "place"/`x`"""))
    name, day = config.register.model_name, "2026-01-04"
    run = new_parent(place, config, "/logs", day, "", day={"forced": False})
    assert finished_day(place, name, day) is None
    place.end(run, "FINISHED")
    assert finished_day(place, name, day) == run
    assert finished_day(store, name, day) is None
