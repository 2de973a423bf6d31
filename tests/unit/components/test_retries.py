"""A cluster retries every failure; a final one ends its retries at once."""

from __future__ import annotations

import json

import pytest

from components.pipeline_run import KFP_RUN
from components.run_context import RunContext
from components.step import open_step
from components.store import Store
from lt4rec_core.config import from_mapping, to_mapping
from lt4rec_core.errors import LT4RECError, StoreError, ValidationError

CONFIG = from_mapping(
    {
        "threads": 1,
        "fields": [{"name": "user_id"}],
        "tracking": {"experiment": "test"},
        "cluster": {"resources": {"warmup": {"retries": 2}}},
    }
)


class Task:
    """A node of a run, tried as often as asked for; `entered` counts the real tries."""

    def __init__(self, store: Store) -> None:
        self.context = RunContext(store.start_parent("p", {}), store.workspace)
        self.entered = 0

    def attempt(self, error: LT4RECError) -> int:
        """Tries once, with a stage that raises the error; returns the exit code."""
        settings = json.dumps(to_mapping(CONFIG))
        with (
            pytest.raises(SystemExit) as stopped,
            open_step("warmup", settings, self.context.to_json(), {}),
        ):
            self.entered += 1
            raise error
        return int(stopped.value.code or 0)


@pytest.fixture
def task(store: Store, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv(KFP_RUN, "run-1")
    return Task(store)


def test_final_failure_ends_its_retries_with_the_same_word(
    task: Task, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [task.attempt(ValidationError("too few rows")) for _ in range(3)] == [3, 3, 3]
    assert task.entered == 1
    assert capsys.readouterr().err.count("too few rows") == 3


def test_retry_by_hand_after_the_last_one_is_a_real_try(task: Task) -> None:
    for _ in range(4):
        task.attempt(ValidationError("too few rows"))
    assert task.entered == 2


def test_failure_that_may_pass_is_tried_again(task: Task) -> None:
    for _ in range(3):
        task.attempt(StoreError("the server is down"))
    assert task.entered == 3


def test_another_run_isnt_held_up(task: Task, store: Store) -> None:
    task.attempt(ValidationError("too few rows"))
    other = Task(store)
    other.attempt(ValidationError("too few rows"))
    assert other.entered == 1


def test_off_a_cluster_nothing_is_noted(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KFP_RUN)
    for _ in range(2):
        task.attempt(ValidationError("too few rows"))
    assert task.entered == 2
