"""Validate's step: only what passed is a result; what failed is kept as evidence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from components.step import Step, open_step
from lt4rec_core.artifact import read_object


class ValidationStep(Step):
    """Judges anew what a try judged bad that didn't live to say so."""

    def is_made(self) -> bool:
        """Whether a killed try left a judgement that lets the data pass."""
        return super().is_made() and not read_object(self.target, "validation.json")["failed"]

    def keep_evidence(self) -> Path:
        """Keeps a judgement that stops the run, in the workspace and in MLflow.

        It isn't filed as a result, and isn't found as one by the next run.
        """
        kept = self.context.workspace / "failures" / f"{self.context.run_id}-{self.node}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)  # an earlier try's of the same run
        self.target.rename(kept)
        self.store.log_folder(self.run_id, kept, self.stage)
        return kept


@contextmanager
def open_validation(config: str, run: str, dataset: str) -> Iterator[ValidationStep]:
    """Gives validate's step, as `open_step` does."""
    with open_step("validate", config, run, {"dataset": dataset}, kind=ValidationStep) as step:
        yield cast("ValidationStep", step)
