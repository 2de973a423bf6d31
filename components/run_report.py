"""The report of a pipeline run, from what its nodes left in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.inputs import find_dataset
from components.reference import Reference
from components.registration_step import read_outcome
from components.step import Step
from components.store import SECONDS
from lt4rec_core.config import to_mapping

REPORT = "lt4rec.report"
"""Tag of register's run: where the workspace's copy of the report lies."""


def publish_report(
    step: Step,
    dataset: str,
    validation: str,
    masks: Mapping[str, str],
    trained: Mapping[str, str],
    evaluation: str,
) -> Path:
    """Renders the report into the workspace and logs it in the pipeline run.

    Args:
        step: register's step, concluded; its pipeline run is reported on.
        dataset: reference of the dataset; likewise `validation` and `evaluation`.
        validation: see `dataset`.
        masks: reference of each task's mask.
        trained: references of everything that was trained, by node.
        evaluation: see `dataset`.
    """
    from lt4rec_core.report import ReportInput, render
    from lt4rec_core.report.overlap import measure_folders

    registered = read_outcome(step.folder(step.reference))
    # KFP hands dictionaries over in an order of its own.
    folders = {task.name: step.folder(masks[task.name]) for task in step.config.tasks}
    found = find_dataset(step.context.workspace, Reference.parse(dataset))
    context = step.context
    summary = ReportInput(
        title=f"{step.config.name} {context.data_date}".strip(),
        run={"run id": context.run_id, **context.tags},
        dataset=json.loads(found.manifest.to_json()),
        validation=_read(step.folder(validation) / "validation.json"),
        curves=[record for node, text in trained.items() for record in _curve(step, node, text)],
        masks={task: _read(folder / "manifest.json") for task, folder in folders.items()},
        overlap=measure_folders(folders),
        evaluation=_read(step.folder(evaluation) / "metrics.json"),
        gate=registered["gate"],
        model=registered["model"],
        seconds=_seconds(step),
        config=to_mapping(step.config),
    )
    page = render(summary, context.workspace / "reports" / f"{context.run_id}.html")
    step.store.log_file(context.run_id, page, "report")
    step.store.set_tags(step.run_id, {REPORT: str(page)})
    return page


def _curve(step: Step, node: str, reference: str) -> Iterator[dict[str, Any]]:
    """Yields a stage's metrics as its tracker heard them, from the run that made the result."""
    for number, metrics in sorted(step.store.metrics(Reference.parse(reference).run_id).items()):
        yield {"stage": node, "step": number, "metrics": metrics}


def _seconds(step: Step) -> dict[str, float]:
    runs = sorted(step.store.children(step.context.run_id).items(), key=_start)
    return {node: run.data.metrics[SECONDS] for node, run in runs if SECONDS in run.data.metrics}


def _start(entry: tuple[str, Any]) -> Any:
    return entry[1].info.start_time


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
