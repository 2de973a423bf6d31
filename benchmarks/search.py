"""What the search for masks costs, and what lazy Adam and bfloat16 do to quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.machine import bfloat16_instructions
from benchmarks.pipeline import kuairand_pure
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.comparison.arm import run_arm
from lt4rec_core.comparison.result import Result
from lt4rec_core.config import Config, load
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.synthetic.generate import generate
from lt4rec_core.metrics import METRICS
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.seeds import fix_threads

_CONFIGS = Path(__file__).resolve().parent.parent / "pipelines" / "configs"
_SEEDS = 5
_SMALL = {
    "synthetic.rows_per_day": "300",
    "model.hidden": "[4, 4]",
    "prune.rounds": "1",
    "joint_train.epochs": "1",
}
_VARIANTS = {
    "float32": {"optimizer.precision": "float32", "optimizer.lazy_embeddings": "true"},
    "bfloat16": {"optimizer.precision": "bfloat16", "optimizer.lazy_embeddings": "true"},
    "exact_adam": {"optimizer.precision": "float32", "optimizer.lazy_embeddings": "false"},
}


def cost(bench: Bench) -> Iterator[Row]:
    """Yields the search's seconds as a multiple of training layer_share once."""
    yield from _cost(bench, "search", "demo", "")


def cost_on_kuairand(bench: Bench) -> Iterator[Row]:
    """Yields the same on KuaiRand-Pure, whose folder LT4REC_REAL_DATA names."""
    yield from _cost(bench, "search_kuairand", "comparison", str(kuairand_pure()))


def quality(bench: Bench) -> Iterator[Row]:
    """Yields how far bfloat16 and exact Adam are from what is the default, over seeds."""
    fix_threads(bench.threads)
    seeds = range(bench.size(_SEEDS, 2))
    variants = [name for name in _VARIANTS if name != "bfloat16" or bfloat16_instructions()]
    found: dict[str, dict[str, list[float]]] = {name: {} for name in variants}
    config, dataset = ready(bench, "demo", "")
    for seed in seeds:
        for name in variants:
            changed = configured(bench, "demo", _VARIANTS[name])
            result = train(changed, bench, "layer_share", seed, dataset, f"{name}-{seed}")
            for task, metric, value in _judged(result):
                found[name].setdefault(f"{task}_{metric}", []).append(value)
    about = f"layer_share on {config.name}'s test day, {len(seeds)} seeds"
    for what, values in found["float32"].items():
        noise = float(np.std(values, ddof=1))
        yield row_of(f"quality.{what}_float32", values, "", "", about)
        for name in variants[1:]:
            apart = np.array(found[name][what]) - np.array(values)
            yield row_of(f"quality.{what}_{name}", found[name][what], "", "", about)
            ratio = float(apart.mean()) / noise
            if name == "bfloat16":
                told = "its mean distance from float32, in standard deviations over seeds"
                yield row_of(f"quality.{what}_{name}_apart", [abs(ratio)], "", "<= 1", told)
            else:
                rises = METRICS[what.partition("_")[2]].higher_is_better
                told = "how much better than lazy Adam, in standard deviations over seeds"
                better = ratio if rises else -ratio
                yield row_of(f"quality.{what}_{name}_better", [better], "", "<= 1", told)


def _cost(bench: Bench, topic: str, name: str, source: str) -> Iterator[Row]:
    fix_threads(bench.threads)
    config, dataset = ready(bench, name, source)
    seconds: dict[str, list[float]] = {"layer_share": [], "connection_share": []}
    for seed in range(bench.rounds):
        for arm, taken in seconds.items():
            result = train(config, bench, arm, seed, dataset, f"{arm}-{seed}")
            taken.append(float(result.record["seconds"]))
    whole, once = (np.array(seconds[arm]) for arm in ("connection_share", "layer_share"))
    about = f"warm-up, rounds of {len(config.tasks)} tasks and joint training, {config.name}"
    yield row_of(f"{topic}.layer_share", once, "s", "", "trained once")
    yield row_of(f"{topic}.connection_share", whole, "s", "", about)
    yield row_of(f"{topic}.multiple", whole / once, "×", "<= 4", "training layer_share once")


def configured(bench: Bench, name: str, changed: Mapping[str, str]) -> Config:
    """Returns one of the project's configurations with changed settings, small in a quick run."""
    values = {**(_SMALL if bench.quick else {}), **changed}
    settings = [f"{key}={value}" for key, value in values.items()]
    return load(_CONFIGS / f"{name}.toml", settings)


def ready(bench: Bench, name: str, source: str) -> tuple[Config, Dataset]:
    """Returns the configuration and its dataset, of made-up logs without a `source`."""
    config = configured(bench, name, {})
    location, day = source, config.comparison.data_date or None
    if not source:
        location, day = str(bench.folder / "logs"), "2026-01-10"
        generate(config.synthetic, Path(location), SilentTracker())
    return config, ingest(config, location, day, bench.folder / "dataset", SilentTracker())


def train(config: Config, bench: Bench, arm: str, seed: int, dataset: Dataset, name: str) -> Result:
    """Trains an arm with a seed; `name` is that of its folder, another one for each training."""
    place = bench.folder / name
    return run_arm(config, arm, seed, dataset, place / "state", place / "result", SilentTracker())


def _judged(result: Result) -> Iterator[tuple[str, str, float]]:
    for task, judged in result.record["test"].items():
        yield task, judged["metric"], float(judged["metrics"][judged["metric"]])


_ROUNDS = (
    "each round trains the network once more from its start, for each task; a shorter round or "
    "fewer of them are settings (`prune`), whose masks are others"
)
SEARCH = Topic(
    title="The search",
    about=(
        "connection_share from warm-up to joint training, as `lt4rec run` trains it, against "
        "layer_share trained once on the same made-up logs of the demo."
    ),
    measure=cost,
    rounds=1,
    limits={"search.multiple": _ROUNDS},
)
SEARCH_KUAIRAND = Topic(
    title="The search on KuaiRand-Pure",
    about="The same with `comparison.toml` on KuaiRand-Pure.",
    measure=cost_on_kuairand,
    rounds=1,
    limits={"search_kuairand.multiple": _ROUNDS},
)
QUALITY = Topic(
    title="Quality under faster arithmetic",
    about=(
        "The demo's made-up logs, trained with lazy Adam in float32 (the default), with bfloat16, "
        "and with exact Adam on the embeddings: does it move a metric by more than seeds do?"
    ),
    measure=quality,
    rounds=1,
)
