"""What a failed validation says, and how long it may get."""

from __future__ import annotations

from pathlib import Path

import pytest

from lt4rec_core.errors import ValidationError
from lt4rec_core.validation.expectation import Measure
from lt4rec_core.validation.outcome import ValidationOutcome, allowed, result_of


def result(severity="error", failed=True, seen=3.0, rows=()):
    measure = Measure("label.click", "2026-01-04", seen, high=0)
    return result_of("label_range", "Labels are in range.", severity, measure, failed, rows)


def outcome(*results):
    failed = any(r.severity == "error" and r.status == "failed" for r in results)
    return ValidationOutcome(failed, results, Path("out"))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (float("-inf"), 0, "at most 0"),
        (100, float("inf"), "at least 100"),
        (0.5, 2, "0.5 to 2"),
        (float("-inf"), float("inf"), "anything"),
    ],
)
def test_bounds_are_said_in_words(low, high, said):
    assert allowed(low, high) == said


def test_message_names_column_day_seen_and_allowed():
    assert result().message == (
        "label_range: label.click on 2026-01-04: seen 3, allowed at most 0. Labels are in range."
    )


def test_message_stays_bounded():
    rows = tuple({"user": "x" * 10_000} for _ in range(5))
    many = outcome(*(result(rows=rows) for _ in range(1000)))
    with pytest.raises(ValidationError) as caught:
        many.raise_on_error()
    assert len(str(caught.value)) < 50_000
    assert "980 more" in str(caught.value)


def test_exit_code_is_that_of_failed_validation():
    with pytest.raises(ValidationError) as caught:
        outcome(result()).raise_on_error()
    assert caught.value.exit_code == 3


def test_errors_come_before_warnings():
    both = outcome(result("warning"), result("error"))
    assert [r.severity for r in both.failures] == ["error", "warning"]


def test_number_that_is_none_is_no_number_in_the_results():
    assert result(seen=float("nan")).seen is None


def test_a_day_is_told_only_of_the_errors_of_its_own():
    found = outcome(result(), result(), result("warning"), result(failed=False))
    assert found.broken_on("2026-01-04") == ("label_range",)
    assert found.broken_on("2026-01-05") == ()
