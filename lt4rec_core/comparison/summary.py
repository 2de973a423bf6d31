"""The whole comparison in plain values: what reports and the command line show."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from lt4rec_core.comparison.ablations import ablations
from lt4rec_core.comparison.benefit import benefit
from lt4rec_core.comparison.conflict import against_conflict
from lt4rec_core.comparison.curve import curves
from lt4rec_core.comparison.judging import PREFIX
from lt4rec_core.comparison.measure import ALL, Predictions, measure, values_of
from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.settings import SUBJECT, arms_of, trained_of
from lt4rec_core.comparison.sharing import sharing
from lt4rec_core.config import Config, digest
from lt4rec_core.errors import ArtifactError
from lt4rec_core.metrics.events import count_events
from lt4rec_core.metrics.metric import Array
from lt4rec_core.tasks import Task, resolve

FORMAT = 1


def summarize(
    config: Config,
    results: Sequence[Result],
    baselines: Result,
    worlds: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Holds all arms side by side.

    Args:
        config: the comparison's settings.
        results: one result an arm and seed, in any order; they're shown in the arms' own.
        baselines: predictions of those that no arm should lose to.
        worlds: what `summarize` returned for each synthetic world, by its name.

    Returns:
        Plain values. `parts` holds, for "all" and each slice, by task: each arm's
        `values` by seed, `mean`, `spread` and `mtl_gain`; `versus`, the gain of
        connection_share over every other arm; `trivial`. `arms` holds what doesn't
        depend on rows: size, seconds, masks. `curve`, `sharing`, `conflict`, and where they
        were asked for `benefit` and `ablations`, hold what the modules of these names say.
        Nothing in it depends on the hour or the machine but seconds.

    Raises:
        ArtifactError: the results aren't of the same test rows.
    """
    tasks = resolve(config.tasks)
    names = trained_of(config)
    results = sorted(results, key=lambda result: (names.index(result.arm), result.seed))
    frames = [result.predictions() for result in results]
    rows = frames[0]
    trivial = baselines.predictions()
    for result, frame in zip([*results, baselines], [*frames, trivial], strict=True):
        if not frame["row_id"].equals(rows["row_id"]):
            raise ArtifactError(f"{result.root} was judged on other rows than {results[0].root}")
    arms = arms_of(config.comparison.arms)
    among = [pair for pair in zip(results, frames, strict=True) if pair[0].arm in arms]
    parts = {
        part: {
            task.name: _part(config, task, rows, _predictions(task, among), trivial, part)
            for task in tasks
        }
        for part in (ALL, *config.comparison.slices)
    }
    first = results[0].record
    known = {world.name: world for world in config.comparison.worlds}
    found = {
        name: {
            **summary,
            "conflict": known[name].conflict,
            "group": known[name].group,
            "set": dict(known[name].set),
        }
        for name, summary in (worlds or {}).items()
    }
    fields = [field.name for field in config.fields]
    return {
        "format": FORMAT,
        "kind": "comparison",
        "name": config.name,
        "config_digest": digest(config),
        "source": f"{config.ingest.source}, {config.ingest.train_days} training days",
        "dataset": first["dataset"],
        "test_days": first["test_days"],
        "codes": sorted({str(result.record["code"]) for result in results}),
        "threads": sorted({int(result.record["threads"]) for result in results}),
        "confidence": config.evaluate.confidence,
        "replicates": config.evaluate.bootstrap_replicates,
        "seeds": sorted({result.seed for result in results}),
        "tasks": {task.name: task.metric for task in tasks},
        "parts": parts,
        "arms": {
            arm: _arm(config, arm, results)
            for arm in dict.fromkeys(result.arm for result, _ in among)
        },
        "curve": curves([result for result, _ in among], config.evaluate.confidence),
        "sharing": sharing([result for result, _ in among], fields),
        "worlds": found,
        "conflict": against_conflict(found, config.evaluate.confidence),
        **_analyses(config, tasks, rows, list(zip(results, frames, strict=True))),
    }


def _analyses(
    config: Config,
    tasks: Sequence[Task],
    rows: pl.DataFrame,
    trained: Sequence[tuple[Result, pl.DataFrame]],
) -> dict[str, Any]:
    """Returns what was asked for besides the arms, measured on all rows."""
    comparison = config.comparison
    if not (comparison.benefit or comparison.ablations):
        return {}
    measured = {
        task.name: measure(config, task, rows, _predictions(task, trained), ALL) for task in tasks
    }
    said: dict[str, Any] = {"benefit": benefit(measured)} if comparison.benefit else {}
    if comparison.ablations:
        said["ablations"] = ablations(config, [result for result, _ in trained], measured)
    return said


def _predictions(
    task: Task, trained: Sequence[tuple[Result, pl.DataFrame]]
) -> dict[str, dict[int, Array]]:
    predictions: dict[str, dict[int, Array]] = {}
    for result, frame in trained:
        by_seed = predictions.setdefault(result.arm, {})
        by_seed[result.seed] = frame[f"{PREFIX}{task.name}"].to_numpy()
    return predictions


def _part(
    config: Config,
    task: Task,
    rows: pl.DataFrame,
    predictions: Predictions,
    trivial: pl.DataFrame,
    part: str,
) -> dict[str, Any]:
    measured = measure(config, task, rows, predictions, part)
    known = measure(config, task, rows, _known(trivial, task), part)
    arms = [arm for arm in predictions if arm in measured.values]
    return {
        "metric": task.metric,
        "rows": len(measured.labels),
        "users": len(set(measured.users.tolist())),
        **({"events": count_events(measured.labels)} if task.binary else {}),
        "arms": {arm: values_of(measured, arm) for arm in arms},
        "versus": {
            arm: gain
            for arm in arms
            if arm != SUBJECT and (gain := measured.gain(SUBJECT, arm)) is not None
        },
        "trivial": {name: by_seed[0] for name, by_seed in known.values.items()},
        "undefined": measured.undefined | known.undefined,
    }


def _known(trivial: pl.DataFrame, task: Task) -> Predictions:
    """Returns the baselines' predictions of `task`, columns named `<baseline>.<task>`."""
    suffix = f".{task.name}"
    return {
        name.removesuffix(suffix): {0: trivial[name].to_numpy()}
        for name in trivial.columns
        if name.endswith(suffix) and not name.startswith("label.")
    }


def _arm(config: Config, arm: str, results: Sequence[Result]) -> dict[str, Any]:
    records = [result.record for result in results if result.arm == arm]
    tasks = list(records[0]["test"])
    return {
        "seeds": [record["seed"] for record in records],
        "parameters": records[0]["parameters"],
        "multiply_adds": _mean(records, "multiply_adds"),
        "seconds": _mean(records, "seconds"),
        "validation": {
            task: [record["validation"].get(task) for record in records] for task in tasks
        },
        "metrics": {task: _metrics(records, task) for task in tasks},
        "masks": [record["masks"] for record in records],
        "overlap": [record["overlap"] for record in records],
        "chosen": dict(config.comparison.chosen.get(arm, {})),
        "config_digests": [record["config_digest"] for record in records],
    }


def _mean(records: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [record[name] for record in records if record.get(name) is not None]
    return statistics.fmean(values) if values else None


def _metrics(records: Sequence[Mapping[str, Any]], task: str) -> dict[str, list[float | None]]:
    names = dict.fromkeys(name for record in records for name in record["test"][task]["metrics"])
    return {
        name: [record["test"][task]["metrics"].get(name) for record in records] for name in names
    }
