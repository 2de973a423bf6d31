from __future__ import annotations

from pathlib import Path

import pytest

from components.failures import Failure, read_failure, write_failure
from lt4rec_core.errors import ConfigError, InputError, LT4RECError, ValidationError


@pytest.mark.parametrize("kind", [ConfigError, InputError, ValidationError, LT4RECError])
def test_error_arrives_as_its_own_class(tmp_path: Path, kind: type[LT4RECError]) -> None:
    write_failure(tmp_path, "r1", Failure("ingest", kind.__name__, "day is missing"))
    failure = read_failure(tmp_path, "r1")
    assert failure is not None
    error = failure.error()
    assert type(error) is kind
    assert str(error) == "day is missing"


def test_error_that_nobody_raised_on_purpose_is_none() -> None:
    assert Failure("prune", "KeyError", "'x'").error() is None


def test_no_failure_is_none(tmp_path: Path) -> None:
    assert read_failure(tmp_path, "r1") is None


def test_unwritable_workspace_does_not_hide_the_failure(tmp_path: Path) -> None:
    (tmp_path / "failures").write_text("a file where the folder should be")
    write_failure(tmp_path, "r1", Failure("ingest", "InputError", "day is missing"))
