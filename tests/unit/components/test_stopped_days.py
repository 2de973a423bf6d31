"""A day that validation stopped is left out until a run of it gets through."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.pipeline_run import new_parent
from components.stopped_days import stopped_days, tell_verdict
from components.store import Store
from lt4rec_core.config import Config, from_mapping
from lt4rec_core.validation.expectation import Measure
from lt4rec_core.validation.outcome import ValidationOutcome, result_of

DAYS = ("2026-01-04", "2026-01-05")


@pytest.fixture
def config() -> Config:
    return from_mapping({"fields": [{"name": "user_id"}], "register": {"model_name": "feed"}})


def run(store: Store, config: Config, day: str, bad: str | None, daily: bool = True) -> None:
    """Records a run of `day` whose validation found `bad` wrong with that day, "" for nothing."""
    parent = new_parent(store, config, "/l", day, "", day={"forced": False} if daily else None)
    context = SimpleNamespace(run_id=parent, data_date=day)
    step: Any = SimpleNamespace(store=store, context=context)
    if bad is None:
        return
    measure = Measure("rows", bad, 1.0, low=2.0)
    results = (result_of("row_count", "Enough rows.", "error", measure, True, ()),)
    tell_verdict(step, ValidationOutcome(True, results, Path()) if bad else None)


def test_a_stopped_day_is_left_out_with_what_it_broke(store: Store, config: Config) -> None:
    run(store, config, "2026-01-04", "2026-01-04")
    run(store, config, "2026-01-05", "")
    assert stopped_days(store, "feed", DAYS) == {
        "2026-01-04": "validation stopped its run (row_count)"
    }


def test_it_comes_back_when_its_run_got_through(store: Store, config: Config) -> None:
    run(store, config, "2026-01-04", "2026-01-04")
    run(store, config, "2026-01-04", "")
    run(store, config, "2026-01-04", None)  # killed before validation: it says nothing
    assert stopped_days(store, "feed", DAYS) == {}


def test_a_run_stopped_for_another_day_says_nothing_of_its_own(
    store: Store, config: Config
) -> None:
    run(store, config, "2026-01-05", "2026-01-02")
    assert stopped_days(store, "feed", DAYS) == {}


def test_runs_of_other_pipelines_models_and_workspaces_do_not_count(
    store: Store, config: Config
) -> None:
    elsewhere = dataclasses.replace(store, workspace=Path("/elsewhere"))
    run(elsewhere, config, "2026-01-04", "2026-01-04")
    run(store, config, "2026-01-04", "2026-01-04", daily=False)
    assert stopped_days(store, "feed", DAYS) == {}
    run(store, config, "2026-01-04", "2026-01-04")
    assert stopped_days(store, "other", DAYS) == {}
