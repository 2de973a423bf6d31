"""How good two versions are on the same rows, each with its own vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import InputError
from lt4rec_core.metrics.judge import judge
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.stages.evaluate import test_rows
from lt4rec_core.stages.register import predict_test
from lt4rec_core.tasks import resolve

# What the judge calls the two, and what they are called here.
_NAMES = {"model": "b", "single_task": "a", "mtl_gain": "gain"}


def judge_versions(config: Config, dataset: Dataset, a: Path, b: Path) -> dict[str, Any]:
    """Scores both versions' ranking models on the test rows of `dataset`, from raw columns.

    Args:
        config: `tasks`, `evaluate` and `seed` matter.
        dataset: its test days are what both are judged on.
        a: folder of a ranking model.
        b: folder of the other.

    Returns:
        Plain values by task that both have: `metric`, `rows`, the `events` of a binary
        label, the metrics of `a` and `b`, `gain` of b over a with `low` and `high` of its
        interval over users (positive means that b is better), `slices` with the same of
        each, and why something is `undefined`.

    Raises:
        ArtifactError: a model isn't whole.
        InputError: a model needs columns that the dataset lacks, or they share no task.
    """
    models = {name: predict_test(Scorer.load(place), dataset) for name, place in _pair(a, b)}
    tasks = [
        task
        for task in resolve(config.tasks)
        if all(task.name in by_task for by_task in models.values())
    ]
    if not tasks:
        has = {_NAMES[name]: sorted(by_task) for name, by_task in models.items()}
        raise InputError(f"the versions have no task in common that is configured: {has}")
    rows = test_rows(config, dataset)
    judged = judge(config.evaluate, tasks, rows, models, {}, seed=config.seed)
    return {name: _task(entry) for name, entry in judged["tasks"].items()}


def _pair(a: Path, b: Path) -> tuple[tuple[str, Path], ...]:
    return ("model", b), ("single_task", a)


def _task(judged: Mapping[str, Any]) -> dict[str, Any]:
    slices = {name: _part(part) for name, part in judged["slices"].items()}
    return {"metric": judged["metric"], **_part(judged), "slices": slices}


def _part(judged: Mapping[str, Any]) -> dict[str, Any]:
    part = {said: judged.get(name, {}) for name, said in _NAMES.items()}
    undefined = {_renamed(name): why for name, why in judged["undefined"].items()}
    counts = {name: judged[name] for name in ("rows", "events") if name in judged}
    return {**counts, **part, "undefined": undefined}


def _renamed(name: str) -> str:
    head, *rest = name.split(".")
    return ".".join((_NAMES.get(head, head), *rest))
