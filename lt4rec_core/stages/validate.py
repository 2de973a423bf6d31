"""Stage validate: every row of every day used is checked before anything is trained."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.tracking import Tracker

if TYPE_CHECKING:
    from lt4rec_core.data.dataset import Dataset
    from lt4rec_core.validation.outcome import ExpectationResult, ValidationOutcome
    from lt4rec_core.validation.profile import DayProfile


def validate(
    config: Config,
    dataset: Dataset,
    target: Path,
    tracker: Tracker,
    profiles: Mapping[str, DayProfile] = MappingProxyType({}),
) -> ValidationOutcome:
    """Checks `dataset` and writes `validation.json` and `data_docs/` to the folder `target`.

    The results are written whether or not an expectation failed; it is for the caller
    to stop, with `outcome.raise_on_error()`. Days that `validate_day` has counted before,
    under the same settings, aren't counted again.

    Raises:
        ConfigError: [validate] names an expectation, column or field that doesn't exist.
        StoreError: `target` can't be written.
    """
    from lt4rec_core.data.memory import read_ahead_little
    from lt4rec_core.validation.count import measure
    from lt4rec_core.validation.docs import write_index
    from lt4rec_core.validation.judge import judge
    from lt4rec_core.validation.outcome import ValidationOutcome, result_of
    from lt4rec_core.validation.registry import asked_for, severities
    from lt4rec_core.validation.rows import offending_rows
    from lt4rec_core.validation.subject import subject_of

    read_ahead_little()
    severity = severities(config.validate.severity)
    asked = asked_for(severity)
    subject = subject_of(config, dataset)
    measures = measure(subject, asked, tracker, profiles)
    with folder_aside(target) as folder:
        failures = judge(measures, asked, severity, folder / "data_docs")
        results = []
        for name, expectation in asked.items():
            for taken in measures[name]:
                broken = (name, taken.column, taken.day) in failures
                rows = offending_rows(subject, taken) if broken else ()
                results.append(
                    result_of(name, expectation.about, severity[name], taken, broken, rows)
                )
        write_index(folder / "data_docs", results)
        record = _record(dataset, results)
        text = json.dumps(record, indent=1, allow_nan=False)
        (folder / "validation.json").write_text(text + "\n", encoding="utf-8")
    outcome = ValidationOutcome(record["failed"], tuple(results), target)
    tracker.progress(
        f"judged {len(results)} measures: {len(outcome.failures)} failed, "
        f"{'stopping' if outcome.failed else 'none of them an error'}"
    )
    return outcome


def _record(dataset: Dataset, results: list[ExpectationResult]) -> dict[str, Any]:
    failures = Counter(r.severity for r in results if r.status == "failed")
    return {
        "format": 1,
        "kind": "validation",
        "dataset": dataset.digest,
        "failed": failures["error"] > 0,
        "errors": failures["error"],
        "warnings": failures["warning"],
        "passed": sum(r.status == "passed" for r in results),
        "skipped": sum(r.status == "skipped" for r in results),
        "results": [dataclasses.asdict(result) for result in results],
    }
