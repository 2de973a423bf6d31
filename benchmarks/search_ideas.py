"""What makes the search for masks cheaper, and what it costs in quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.row import Bench, Row, Topic, row_of
from benchmarks.search import configured, ready, train
from lt4rec_core.metrics import METRICS
from lt4rec_core.tasks import TASKS
from lt4rec_core.training.seeds import fix_threads

_SEEDS = 5
_ONE_EPOCH = {"warmup.epochs": "1", "joint_train.epochs": "1"}
_FULL = {**_ONE_EPOCH, "prune.rounds": "5", "prune.epochs_per_round": "1"}
_QUARTER = {"prune.epochs_per_round": "0.25"}
_FROZEN = {"prune.freeze_embeddings": "true"}
_IDEAS: dict[str, Mapping[str, str]] = {
    "full": _FULL,
    "part_of_an_epoch": {**_FULL, **_QUARTER},
    "fewer_rounds": {**_FULL, "prune.rounds": "2"},
    "short_warmup": {**_FULL, "warmup.epochs": "0.3"},
    "frozen_embeddings": {**_FULL, **_FROZEN},
    "four_quarters": {**_FULL, **_QUARTER, "prune.rounds": "4"},
    "frozen_quarters": {**_FULL, **_QUARTER, **_FROZEN},
}


def measure(bench: Bench) -> Iterator[Row]:
    """Yields each idea's cost as a multiple of layer_share, and how far its metrics fall."""
    fix_threads(bench.threads)
    config, dataset = ready(bench, "demo", "")
    arms: dict[str, tuple[str, Mapping[str, str]]] = {"once": ("layer_share", _ONE_EPOCH)}
    arms |= {name: ("connection_share", changed) for name, changed in _IDEAS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(bench.size(_SEEDS, 2)):
        for name, (arm, changed) in arms.items():
            settings = configured(bench, "demo", changed)
            record = train(settings, bench, arm, seed, dataset, f"{name}-{seed}").record
            seconds[name].append(float(record["seconds"]))
            for task, value in record["validation"].items():
                found.setdefault((name, task), []).append(float(value))
    for name in _IDEAS:
        multiple = np.array(seconds[name]) / np.array(seconds["once"])
        goal = "" if name == "full" else "<= 4"
        yield row_of(f"search_ideas.{name}", multiple, "×", goal, "training layer_share once")
    for task in (task.name for task in config.tasks):
        whole = np.array(found["full", task])
        better = 1 if METRICS[TASKS[task].metric].higher_is_better else -1
        about = "the full search's validation metric; in deviations over its seeds"
        for name in (name for name in _IDEAS if name != "full"):
            fallen = better * float((whole - np.array(found[name, task])).mean())
            row = f"search_ideas.{name}_{task}_worse"
            yield row_of(row, [fallen / float(whole.std(ddof=1))], "", "<= 1", about)


SEARCH_IDEAS = Topic(
    title="A cheaper search",
    about=(
        "The demo's made-up logs with an epoch of warm-up, five rounds of an epoch each and an "
        "epoch of joint training, as the paper has it, against ideas that shorten the search: a "
        "quarter of an epoch in each round, two rounds, three tenths of an epoch of warm-up, "
        "embeddings that the rounds leave alone, four rounds of a quarter, and five of a quarter "
        "with such embeddings. The cost is that of training layer_share for an epoch; quality is "
        "the validation metric after joint training."
    ),
    measure=measure,
    rounds=1,
    limits={
        **{
            f"search_ideas.{name}": "what is left of rounds and warm-up still passes over the data"
            for name in _IDEAS
        },
        **{
            f"search_ideas.{name}_{task}_worse": "less training chooses other masks"
            for name in _IDEAS
            for task in ("ctr", "cvr")
        },
    },
)
