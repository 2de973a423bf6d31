"""What came of a validation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lt4rec_core.config.data import Severity
from lt4rec_core.errors import ValidationError
from lt4rec_core.validation.expectation import Measure

Status = Literal["passed", "failed", "skipped"]
_MOST_NAMED = 20
_ROW_LENGTH = 300


@dataclass(frozen=True)
class ExpectationResult:
    """One judged measure.

    Attributes:
        seen: the number measured; None where it can't be had (`status` "skipped").
        low, high: the least and greatest value allowed; None where there is no such bound.
        message: the whole finding in one line.
        rows: some offending rows, column by column, for failures only.
    """

    expectation: str
    severity: Severity
    status: Status
    column: str
    day: str
    seen: float | None
    low: float | None
    high: float | None
    message: str
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class ValidationOutcome:
    """All results, and the folder with `validation.json` and `data_docs/index.html`."""

    failed: bool
    results: tuple[ExpectationResult, ...]
    path: Path

    @property
    def failures(self) -> tuple[ExpectationResult, ...]:
        """Failed expectations, errors first."""
        failed = [result for result in self.results if result.status == "failed"]
        return tuple(sorted(failed, key=lambda result: result.severity != "error"))

    def broken_on(self, day: str) -> tuple[str, ...]:
        """Returns the expectations of severity error that `day` itself broke."""
        errors = [result for result in self.failures if result.severity == "error"]
        return tuple(dict.fromkeys(result.expectation for result in errors if result.day == day))

    def raise_on_error(self) -> None:
        """Raises ValidationError, naming column, seen, allowed and rows, if an error failed."""
        errors = [result for result in self.failures if result.severity == "error"]
        if not errors:
            return
        lines = [line for result in errors[:_MOST_NAMED] for line in _lines(result)]
        if len(errors) > _MOST_NAMED:
            lines.append(f"... and {len(errors) - _MOST_NAMED} more, in {self.path}")
        raise ValidationError(
            f"the data broke {len(errors)} expectation(s) of severity error:\n  "
            + "\n  ".join(lines)
            + "\nmend the data, or change the bound or severity in [validate]; "
            f"the full result is in {self.path}"
        )


def allowed(low: float, high: float) -> str:
    """Says the bounds in words: `at most 0`, `at least 100`, `0.5 to 2`."""
    if not math.isfinite(low):
        return f"at most {high:.6g}" if math.isfinite(high) else "anything"
    return f"{low:.6g} to {high:.6g}" if math.isfinite(high) else f"at least {low:.6g}"


def result_of(
    name: str,
    about: str,
    severity: Severity,
    measure: Measure,
    failed: bool,
    rows: tuple[Mapping[str, Any], ...],
) -> ExpectationResult:
    """Returns the result of one judged measure, said in one line."""
    status: Status = "failed" if failed else "passed"
    if measure.seen is None:
        status, finding = "skipped", "not measured"
    else:
        finding = f"seen {measure.seen:.6g}, allowed {allowed(measure.low, measure.high)}"
    detail = f" ({measure.detail})" if measure.detail else ""
    return ExpectationResult(
        expectation=name,
        severity=severity,
        status=status,
        column=measure.column,
        day=measure.day,
        seen=None if measure.seen is None else _finite(measure.seen),
        low=_finite(measure.low),
        high=_finite(measure.high),
        message=f"{name}: {measure.column} on {measure.day}: {finding}{detail}. {about}",
        rows=rows,
    )


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _lines(result: ExpectationResult) -> list[str]:
    rows = [f"  row {dict(row)}"[:_ROW_LENGTH] for row in result.rows]
    return [result.message, *rows]
