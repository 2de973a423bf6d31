"""Steps of a comparison: what their results depend on, and what MLflow shows of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from components.digests import code_digest
from components.step import Step, open_step
from lt4rec_core.comparison import code
from lt4rec_core.comparison.compare import REPORT_FILE, SUMMARY_FILE
from lt4rec_core.comparison.result import Result, open_result
from lt4rec_core.comparison.settings import seeds_of, settings_of, trained_of, trained_with
from lt4rec_core.config import Config, digest, to_mapping

REPORT = "lt4rec.report"
"""Tag of compare's run: where the workspace's copy of the report lies."""


def node_of(arm: str, seed: int) -> str:
    """Returns the name of the DAG node that trains `arm` with `seed`."""
    return f"arm-{place_of(arm, seed)}"


def names_of(config: Config) -> dict[str, str]:
    """Returns the names of all arms and variants, by the nodes that train them."""
    return {
        node_of(name, seed): name for name in trained_of(config) for seed in seeds_of(config, name)
    }


def place_of(arm: str, seed: int) -> str:
    """Returns what tells an arm's nodes apart: name and seed, as DAG nodes are written."""
    return f"{arm.replace('_', '-')}-{seed}"


class ArmStep(Step):
    """An arm: neither a new wording of a report nor another arm's settings train it anew."""

    def settings(self) -> dict[str, Any]:
        """Returns the sections that training reads."""
        return trained_with(self.config)

    def name_result(self, extra: str) -> str:
        """Returns a key of settings, dataset, and the code of training and judging alone.

        The arm's name isn't part of it: equal settings are trained once.
        """
        parts = (self.stage, self.settings(), self.inputs, extra)
        return digest(*parts, code.code_digest())

    def result(self) -> Result:
        """Stores what was made if that hasn't happened yet, and opens it."""
        self.conclude()
        return open_result(self.folder(self.reference))


class BaselinesStep(ArmStep):
    """The baselines, which know nothing of networks."""

    def settings(self) -> dict[str, Any]:
        """Returns what fitting reads."""
        known = trained_with(self.config)
        return {name: known[name] for name in ("seed", "tasks", "slices")}


class CompareStep(Step):
    """The summary of all arms and its reports."""

    def settings(self) -> dict[str, Any]:
        """Returns what summary and reports show; how many processes worked isn't part of it."""
        values = to_mapping(self.config)
        names = ("name", "seed", "tasks", "fields", "ingest", "evaluate")
        shown = {name: values[name] for name in names}
        comparison = {k: v for k, v in values["comparison"].items() if k != "processes"}
        return {**shown, "comparison": comparison}

    def name_result(self, extra: str) -> str:
        """Returns a key of all code: the reports' wording is part of the result."""
        parts = (self.stage, self.task, self.settings(), self.inputs, extra)
        return digest(*parts, self.context.command, code_digest())

    def finish(self) -> None:
        """Ends the pipeline run too, unless it's a world's part: nothing comes after."""
        super().finish()
        if not self.context.world:
            self.store.end(self.context.run_id, "FINISHED")

    def publish(self) -> None:
        """Logs the gains; shows the whole comparison's reports in its MLflow run as well."""
        self.conclude()
        folder = self.folder(self.reference)
        self.tracker.log_metrics(dict(gains_of(open_summary(folder))), 0)
        if self.context.world:
            return
        parent = self.context.run_id
        place = self.context.workspace / "comparisons" / parent
        shutil.copytree(folder, place, dirs_exist_ok=True)
        self.store.log_folder(parent, folder, "report")
        self.store.set_tags(self.run_id, {REPORT: str(place / REPORT_FILE)})


@contextmanager
def open_arm(config: str, run: str, arm: str, seed: int, dataset: str) -> Iterator[ArmStep]:
    """Gives the step of an arm and seed, under the settings that follow from the comparison's."""

    def own(settings: Config) -> Config:
        return settings_of(settings, arm, seed)

    node, place, inputs = node_of(arm, seed), place_of(arm, seed), {"dataset": dataset}
    with open_step(node, config, run, inputs, task=place, change=own, kind=ArmStep) as step:
        yield cast(ArmStep, step)


@contextmanager
def open_compare(
    config: str, run: str, baselines: str, arms: Mapping[str, str], worlds: Mapping[str, str]
) -> Iterator[CompareStep]:
    """Gives the step that holds the results of all `arms` side by side, and the `worlds`'."""
    inputs = {"baselines": baselines, **arms, **worlds}
    with open_step("compare", config, run, inputs, kind=CompareStep) as step:
        yield cast(CompareStep, step)


def show_result(step: ArmStep, arm: str, seed: int) -> None:
    """Logs an arm's figures in its MLflow run, whether it was trained now or found."""
    record = step.result().record
    step.tracker.log_metrics(dict(figures_of(record)), 0)
    tags = {"lt4rec.arm": arm, "lt4rec.seed": str(seed), "lt4rec.code": str(record["code"])}
    step.store.set_tags(step.run_id, tags)


def figures_of(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Gives the figures of an arm's `result.json` by the names that MLflow shows."""
    for task, judged in record["test"].items():
        for metric, value in judged["metrics"].items():
            yield f"test.{task}.{metric}", value
    for task, value in record["validation"].items():
        yield f"validation.{task}", value
    for task, mask in record["masks"].items():
        yield f"density.{task}", mask["density"]
    for pair, share in record["overlap"].items():
        yield f"overlap.{pair.replace('/', '-')}", share
    for name in ("parameters", "multiply_adds", "seconds"):
        if record.get(name) is not None:
            yield "training_seconds" if name == "seconds" else name, float(record[name])


def open_summary(folder: Path) -> dict[str, Any]:
    """Reads what a compare step found."""
    summary: dict[str, Any] = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    return summary


def gains_of(summary: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Gives each arm's MTL gain on all rows, with its interval."""
    for task, judged in summary["parts"]["all"].items():
        for arm, about in judged["arms"].items():
            yield f"{task}.{arm}.{judged['metric']}", about["mean"]
            for name in ("mean", "low", "high"):
                if name in about.get("mtl_gain", {}):
                    yield f"{task}.{arm}.mtl_gain.{name}", about["mtl_gain"][name]
