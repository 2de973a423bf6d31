"""How a training step's cost grows with samples, vocabulary, fields and tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.interleave import Contestant, interleaved, timed
from benchmarks.paper_size import PaperSize, paper_size
from benchmarks.row import Bench, Row, Topic, row_of
from benchmarks.training_step import masked_step
from lt4rec_core.training.loop import _learn
from lt4rec_core.training.memory import keep_freed_memory
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.seeds import fix_threads

PLOT = "growth.svg"
_TIMES = (1, 2, 4, 8)
_VOCABULARY = (10_000, 100_000, 1_000_000, 10_000_000)
_FIELDS = (20, 40, 80)
_TASKS = (2, 3, 4)
_STEPS = 4
Measured = dict[int, np.ndarray]


def measure(bench: Bench) -> Iterator[Row]:
    """Yields seconds at each size, and draws them."""
    fix_threads(bench.threads)
    keep_freed_memory()
    found = {
        "samples": _samples(bench),
        "vocabulary": _one_by_one(bench, "largest", _VOCABULARY),
        "fields": _one_by_one(bench, "fields", _FIELDS),
        "tasks": _one_by_one(bench, "tasks", _TASKS),
    }
    about = {
        "samples": f"an epoch of {_STEPS} batches and multiples of it",
        "vocabulary": "a step; rows of the largest table",
        "fields": "a step",
        "tasks": "a step of all tasks together, each under its mask",
    }
    for what, seconds in found.items():
        first = next(iter(seconds.values()))
        for size, taken in seconds.items():
            yield row_of(f"growth.{what}_{size}", taken, "s", "", about[what])
        times = float(np.median(taken) / np.median(first))
        yield row_of(f"growth.{what}_ratio", [times], "×", "", f"{size:,} to {min(seconds):,}")
    draw(found, bench.plots / PLOT)


def draw(found: Mapping[str, Measured], target: Path) -> None:
    """Draws medians over rounds, with what proportional growth would be."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none"}):
        figure = Figure(figsize=(12, 3), layout="constrained")
        places: list[Any] = list(figure.subplots(1, len(found)))
        for place, (what, seconds) in zip(places, found.items(), strict=True):
            sizes = np.array(list(seconds))
            middles = np.array([np.median(taken) for taken in seconds.values()])
            place.plot(sizes, middles, "o-", label="measured")
            place.plot(
                sizes, middles[0] * sizes / sizes[0], ":", color="grey", label="in proportion"
            )
            place.set_xlabel(what)
            if sizes[-1] > 100 * sizes[0]:
                place.set_xscale("log")
            place.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=7)
            place.minorticks_off()
            place.set_ylim(0, 1.3 * middles.max())
        places[0].set_ylabel("seconds")
        places[0].legend(fontsize=8)
        figure.savefig(target, format="svg", metadata={"Date": None})


def _samples(bench: Bench) -> Measured:
    size = paper_size(bench, _STEPS * _TIMES[-1])
    step = masked_step(size, bench)

    def epoch(batches: int) -> Contestant:
        return lambda: sum(step() for _ in range(batches))

    contestants = {str(times): epoch(times * _STEPS) for times in _TIMES}
    return {int(times): taken for times, taken in interleaved(bench, contestants).items()}


def _one_by_one(bench: Bench, name: str, values: Sequence[int]) -> Measured:
    """Each size in turn, not side by side: the largest table fills most of the memory."""
    found = {}
    for value in values:
        size = paper_size(bench, 2, **{name: value})
        step = _together(size, bench) if name == "tasks" else masked_step(size, bench)
        found[value] = interleaved(bench, {"step": step})["step"]
    return found


def _together(size: PaperSize, bench: Bench) -> Contestant:
    """Returns a joint step: one batch, all tasks."""
    network = size.network()
    masks = size.masks(network, 0.3)
    optimizer = MaskedAdam(dict(network.named_parameters()), size.optimizer())
    rows_B = torch.arange(size.batch_size)

    def step() -> None:
        batch = size.samples.batch(rows_B)
        _learn(network, optimizer, batch, tuple(size.tasks), size.tasks, masks)

    return timed(step, bench.clock)


GROWTH = Topic(
    title="How cost grows",
    about=(
        "The masked step of the paper's network as one of its sizes grows and the others stay. "
        "Embeddings are updated row by row, so the vocabulary costs what its rows' places in "
        "memory cost; the crossing grows with the square of the fields, and the first layer with "
        "it; tasks are trained together on one batch."
    ),
    measure=measure,
    rounds=3,
    plots=(f"benchmarks/{PLOT}",),
)
