from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from components.failures import read_failure
from components.pipeline_run import KFP_RUN
from components.reference import Reference
from components.run_context import RunContext
from components.step import Step, open_step
from components.store import Store
from lt4rec_core.config import Config, from_mapping, to_mapping
from lt4rec_core.errors import InputError, OutOfMemoryError

Run = Callable[..., tuple[str, bool]]


@pytest.fixture
def config() -> Config:
    return from_mapping(
        {"threads": 1, "fields": [{"name": "user_id"}], "tracking": {"experiment": "test"}}
    )


@pytest.fixture
def run(store: Store, config: Config) -> Run:
    """Runs the step `warmup` with a stage that writes one file; says if it had to."""

    def do(settings: Config = config, **inputs: str) -> tuple[str, bool]:
        with opened(store, settings, **inputs) as step:
            if step.needed:
                write(step)
        return step.reference, step.needed

    return do


def opened(store: Store, config: Config, **inputs: str) -> Any:
    parent = store.start_parent("p", {})
    context = RunContext(parent, store.workspace, "2026-01-04", "abc")
    return open_step("warmup", json.dumps(to_mapping(config)), context.to_json(), inputs)


def write(step: Step) -> None:
    step.target.mkdir(parents=True)
    (step.target / "made").write_text(step.key)


def runs_of(store: Store, reference: str) -> Any:
    return store.client.get_run(Reference.parse(reference).run_id)


def test_unchanged_step_is_skipped_and_gives_the_same_reference(run: Run) -> None:
    first, second = run(), run()
    assert first == (second[0], True)
    assert second[1] is False


def test_node_without_caching_works_anew_in_each_run_on_a_cluster(
    run: Run, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = {"warmup": {"caching": False}}
    without = from_mapping({**to_mapping(config), "cluster": {"resources": resources}})
    assert [run(without)[1], run(without)[1]] == [True, False]
    monkeypatch.setenv(KFP_RUN, "run-1")
    assert [run(without)[1], run()[1]] == [True, False]


def test_changed_setting_runs_again(run: Run, config: Config) -> None:
    run()
    warmup = dataclasses.replace(config.warmup, epochs=2.0)
    assert run(dataclasses.replace(config, warmup=warmup))[1] is True


def test_changed_input_runs_again(run: Run) -> None:
    run(dataset="runs:/a/dataset#d1")
    assert run(dataset="runs:/b/dataset#d1")[1] is False
    assert run(dataset="runs:/a/dataset#d2")[1] is True


def test_damaged_result_is_not_used(run: Run, store: Store) -> None:
    reference, _ = run()
    (store.folder(Reference.parse(reference)) / "made").write_text("damaged")
    again, needed = run()
    assert needed
    assert again != reference


def test_state_is_dropped_when_the_artifact_is_stored(run: Run, store: Store) -> None:
    run()
    assert list((store.workspace / "state").iterdir()) == []


def test_run_tells_what_it_was_made_from(run: Run, store: Store) -> None:
    made = runs_of(store, run(dataset="runs:/a/dataset#d1")[0])
    assert made.info.status == "FINISHED"
    assert made.data.tags["data_date"] == "2026-01-04"
    assert made.data.tags["git_commit"] == "abc"
    assert made.data.tags["stage"] == "warmup"
    assert made.data.params["warmup.epochs"] == "1.0"
    assert made.data.metrics["seconds"] >= 0


def test_skipped_step_has_a_run_that_names_the_one_it_stands_for(run: Run, store: Store) -> None:
    reference, _ = run()
    run()
    steps = store.search("tags.`lt4rec.node` = 'warmup'")
    assert steps[0].data.tags["lt4rec.reused_from"] == Reference.parse(reference).run_id


def test_failure_is_told_and_the_run_marked(
    store: Store, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop, opened(store, config) as step:
        raise InputError("day 2026-01-04 is missing")
    assert stop.value.code == InputError.exit_code
    assert "day 2026-01-04 is missing" in capsys.readouterr().err
    failure = read_failure(store.workspace, step.context.run_id)
    assert failure is not None
    assert isinstance(failure.error(), InputError)
    for run_id in (step.run_id, step.context.run_id):
        assert store.client.get_run(run_id).info.status == "FAILED"


def test_want_of_memory_is_told_and_the_next_try_goes_on(
    store: Store, config: Config, run: Run
) -> None:
    with pytest.raises(MemoryError), opened(store, config) as step:
        bytearray(1 << 56)
    failure = read_failure(store.workspace, step.context.run_id)
    assert failure is not None
    assert isinstance(failure.error(), OutOfMemoryError)
    assert "run again" in failure.message
    assert run()[1] is True


def test_failed_step_runs_again_and_finds_its_state(store: Store, config: Config, run: Run) -> None:
    with pytest.raises(RuntimeError), opened(store, config) as step:
        step.state.mkdir()
        (step.state / "epoch-1").write_text("")
        raise RuntimeError
    with opened(store, config) as again:
        assert again.needed
        assert (again.state / "epoch-1").exists()
        write(again)


def test_artifact_that_a_killed_run_finished_is_stored(store: Store, config: Config) -> None:
    with pytest.raises(KeyboardInterrupt), opened(store, config) as step:
        write(step)
        raise KeyboardInterrupt
    with opened(store, config) as again:
        assert not again.needed
    assert (store.folder(Reference.parse(again.reference)) / "made").read_text() == again.key


def test_run_of_a_killed_step_is_ended_by_the_next(store: Store, config: Config, run: Run) -> None:
    with opened(store, config) as step:
        write(step)
    killed = store.start_child(step.context.run_id, "warmup", {"lt4rec.key": step.key})
    run()
    assert store.client.get_run(killed).info.status == "KILLED"


def test_two_runs_do_not_work_on_one_step(store: Store, config: Config) -> None:
    with opened(store, config) as step:
        lock = store.workspace / "locks" / step.room.name
        code = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        command = [sys.executable, "-c", code, str(lock)]
        other = subprocess.run(command, capture_output=True, check=False)
        write(step)
    assert b"BlockingIOError" in other.stderr
