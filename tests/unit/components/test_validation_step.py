"""A day that was judged bad stays bad, whatever happened to the try that judged it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import components.inputs
import lt4rec_core.stages.validate
from components.run_context import RunContext
from components.store import Store
from components.validate import validate
from lt4rec_core.config import from_mapping, to_mapping
from lt4rec_core.errors import StoreError, ValidationError
from lt4rec_core.validation.expectation import Measure
from lt4rec_core.validation.outcome import ValidationOutcome, result_of

DAY = "2026-01-04"
CONFIG = from_mapping({"fields": [{"name": "user_id"}], "tracking": {"experiment": "test"}})


@pytest.fixture
def judge(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Tries the component once more in the same run, on data that has too few rows."""
    context = RunContext(store.start_parent("p", {}), store.workspace, DAY).to_json()

    def stage(config: Any, data: Any, target: Path, *_: Any) -> ValidationOutcome:
        target.mkdir(parents=True, exist_ok=True)
        (target / "validation.json").write_text('{"failed": true}')
        result = result_of("row_count", "", "error", Measure("rows", DAY, 1.0, low=2.0), True, ())
        return ValidationOutcome(True, (result,), target)

    monkeypatch.setattr(lt4rec_core.stages.validate, "validate", stage)
    for opened in ("open_input_dataset", "open_input_profiles"):
        monkeypatch.setattr(components.inputs, opened, lambda *_: None)

    def judge() -> str:
        settings = json.dumps(to_mapping(CONFIG))
        return str(validate.python_func(settings, context, "runs:/a/dataset#d1"))

    return judge


def refused(judge: Callable[[], str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        judge()
    assert stopped.value.code == ValidationError.exit_code


def test_the_judgement_is_kept_as_evidence_and_the_next_try_comes_to_the_same(
    judge: Callable[[], str], store: Store
) -> None:
    for _ in range(2):  # a run that is retried by hand is the same run
        refused(judge)
        [kept] = (store.workspace / "failures").glob("*-validate")
        assert (kept / "validation.json").exists()


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), StoreError("the server is away")])
def test_a_try_that_ends_before_it_says_so_lets_nothing_pass(
    judge: Callable[[], str], monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def fail(*_: Any) -> None:
        raise fault

    for moment in ((Store, "log_folder"), (Path, "rename")):
        with monkeypatch.context() as patched:
            patched.setattr(*moment, fail)
            with pytest.raises((SystemExit, KeyboardInterrupt)) as stopped:
                judge()
        assert getattr(stopped.value, "code", None) != ValidationError.exit_code
    refused(judge)
