"""One arm, one seed: trained without the test rows, then judged on them."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import torch

from lt4rec_core.comparison.clock import TrainingClock
from lt4rec_core.comparison.code import code_digest
from lt4rec_core.comparison.judging import judge_test, predict_test
from lt4rec_core.comparison.result import Result, save_result
from lt4rec_core.comparison.settings import settings_of, trained_with
from lt4rec_core.comparison.size import size_of
from lt4rec_core.comparison.training import TrainedArm, train_arm
from lt4rec_core.config import Config, digest
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.sealed import seal
from lt4rec_core.pruning.mask import overlap
from lt4rec_core.tracking import Tracker


def run_arm(
    config: Config,
    arm: str,
    seed: int,
    dataset: Dataset,
    state: Path,
    target: Path,
    tracker: Tracker,
) -> Result:
    """Trains `arm` with `seed` and writes its result.

    Training and every choice in it get a dataset without the test rows; these are read
    after training has ended.

    Args:
        config: the comparison's settings; those of the arm follow from them.
        arm: name of a sharing method or variant.
        seed: takes the place of `config.seed`.
        dataset: the whole dataset.
        state: folder of resumable state; it's removed in the end.
        target: folder of the result, written whole or not at all.
        tracker: takes the stages' metrics and progress.
    """
    settings = settings_of(config, arm, seed)
    clock = TrainingClock(tracker, state / "seconds.json")
    trained = train_arm(settings, seal(dataset), state, clock)
    clock.keep()
    seconds = clock.seconds
    predictions = predict_test(settings, dataset, trained)
    metrics, rows = judge_test(settings, dataset, predictions)
    record = {
        "kind": "arm",
        "arm": settings.model.sharing,
        "seed": seed,
        "validation": dict(trained.validation),
        "test": metrics,
        **size_of(settings, dataset, trained),
        "seconds": seconds,
        "masks": _masks(trained),
        "overlap": _overlap(trained),
        "settings": trained_with(settings),
        "config_digest": digest(trained_with(settings)),
        "threads": torch.get_num_threads(),
        "dataset": dataset.digest,
        "test_days": list(dataset.days("test")),
        "code": code_digest(),
    }
    kept = {f"masks/{task}": saved.root for task, saved in trained.found.items()}
    result = save_result(target, record, rows, kept)
    shutil.rmtree(state, ignore_errors=True)
    for task, judged in metrics.items():
        value = judged["metrics"].get(judged["metric"])
        tracker.progress(f"{task}: {judged['metric']} {value} on {judged['rows']} test rows")
    return result


def _masks(trained: TrainedArm) -> dict[str, Any]:
    masks: dict[str, Any] = {}
    for task, mask in trained.masks.items():
        masks[task] = {
            "density": mask.density,
            "digest": mask.digest,
            "layer_density": mask.layer_density,
        }
        if task in trained.found:
            manifest = trained.found[task].manifest
            masks[task] |= {name: manifest[name] for name in ("round", "rounds", "why")}
    return masks


def _overlap(trained: TrainedArm) -> dict[str, float]:
    pairs = itertools.combinations(trained.masks.items(), 2)
    return {f"{one}/{other}": overlap(a, b) for (one, a), (other, b) in pairs}
