"""`python -m benchmarks.scaling`: writes docs/scaling.md, what the paper's size costs.

Rates come from `benchmarks/results.json`; what else is put in stands in the page.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from benchmarks import results
from benchmarks.paper_size import FIELDS, MULTI
from lt4rec_core.config import Model, Optimizer, Prune

_PROJECT = Path(__file__).resolve().parent.parent
_GIB = 2**30
_DAYS = 9
_TRAIN_DAYS = 7  # of nine: one more each for validation and for the test
_WORKERS = (1, 2, 4, 8, 16)
_SHORTER = 0.25  # of an epoch, in each round
_GIGABITS = (10, 100)  # of a network between machines
NEEDED = (
    "data_parallel.step",
    "data_parallel.half_step",
    "data_parallel.rows",
    "data_parallel.half_rows",
    "training_step.float32_rate",
    "data.ingest_5M",
    "data.validate_5M",
)


@dataclass(frozen=True)
class Traffic:
    """Nine days of logs; the paper's Table 1, or a multiple of it."""

    impressions: int
    clicks: int
    users: int
    items: int

    def times(self, factor: int) -> Traffic:
        """Returns traffic of as many times the size in everything."""
        return Traffic(*(factor * value for value in vars(self).values()))


PAPER = Traffic(297_000_000, 121_000_000, 10_000_000, 11_000_000)


@dataclass(frozen=True)
class Rates:
    """What was measured: of one thread, but for ingest and validation; and of all threads.

    Attributes:
        fixed: seconds of a step that don't shrink with the share of the batch.
        a_sample: seconds of a step for each sample of the share.
        rows: embedding rows in a batch, and in half a batch.
        speedup: of all cores of the machine over one.
        ingest: seconds an impression, with all cores; `validate` likewise.
    """

    fixed: float
    a_sample: float
    rows: tuple[float, float]
    speedup: float
    ingest: float
    validate: float


def rates_of(rows: Mapping[str, float], batch: int) -> Rates:
    """Returns the rates that follow from measured rows by name."""
    whole, half = rows["data_parallel.step"], rows["data_parallel.half_step"]
    a_sample = max(0.0, (whole - half) / (batch / 2))
    return Rates(
        fixed=max(0.0, whole - a_sample * batch),
        a_sample=a_sample,
        rows=(rows["data_parallel.rows"], rows["data_parallel.half_rows"]),
        speedup=rows["training_step.float32_rate"] * whole / batch,
        ingest=rows["data.ingest_5M"] / 5e6,
        validate=rows["data.validate_5M"] / 5e6,
    )


def samples_learned(traffic: Traffic, prune: Prune) -> float:
    """Returns the samples of a whole search: each is seen once for every training it is in."""
    share = _TRAIN_DAYS / _DAYS
    both = traffic.impressions + traffic.clicks
    # Warm-up sees impressions once, for both tasks; pruning trains rounds + 1 times.
    rounds = (prune.rounds + 1) * prune.epochs_per_round
    return share * (traffic.impressions + rounds * both + both + both)


def table_bytes(traffic: Traffic, model: Model) -> int:
    """Returns the bytes of all users' and items' embeddings; other tables don't count beside."""
    return 4 * model.embedding_dim * (traffic.users + traffic.items)


def sample_bytes(traffic: Traffic) -> float:
    """Returns the bytes of the training and validation rows, as they are mapped from disk."""
    ids = FIELDS - MULTI + 3 * MULTI  # multi-valued fields have three values on average
    a_row = 4 * ids + 2 * FIELDS + 8 + 2 * 4
    return a_row * traffic.impressions * (_TRAIN_DAYS + 1) / _DAYS


def weights(model: Model) -> int:
    """Returns the number of the layers' weights, whose gradients are dense."""
    sizes = [FIELDS * FIELDS + FIELDS * model.embedding_dim, *model.hidden, 1]
    return sum(before * after for before, after in pairwise(sizes))


def step_bytes(rates: Rates, model: Model, workers: int) -> float:
    """Returns the bytes that one of `workers` sends and receives for the gradients of a step."""
    if workers == 1:
        return 0.0
    whole, half = rates.rows
    growth = half / whole  # of the rows, with each halving of the share
    share = whole * growth ** (workers.bit_length() - 1)
    dense = 2 * (workers - 1) / workers * 4 * weights(model)
    return 2 * dense + workers * share * (4 * model.embedding_dim + 8)


def step_seconds(
    rates: Rates, model: Model, batch: int, workers: int, threads: float, gigabits: float
) -> tuple[float, float]:
    """Returns the seconds of a step that are computing, and those that are exchange."""
    computing = (rates.fixed + rates.a_sample * batch / workers) / threads
    return computing, step_bytes(rates, model, workers) * 8 / (gigabits * 1e9)


def page(measured: Mapping[str, float], machine: Mapping[str, str], batch: int) -> str:
    """Returns the text of docs/scaling.md."""
    rates, model, prune = rates_of(measured, batch), Model(), Prune()
    lines = [
        "# What size costs",
        "",
        _wrapped(
            "Written by `python -m benchmarks.scaling` from `benchmarks/results.json`: a "
            "calculation from measured rates, not a measurement of that size. Run `make bench` on "
            "a machine of another type, and then this, for that type's figures."
        ),
        "",
        "Measured on: " + "; ".join(f"{name} {value}" for name, value in machine.items()) + ".",
        "",
        "| measured | |",
        "| --- | --- |",
        *[f"| `{name}` | {results.figure(measured[name])} |" for name in NEEDED],
        "",
        _wrapped(
            f"Assumed: batch {batch:,}; {prune.rounds} rounds of pruning, of an epoch each as in "
            f"the paper; {_TRAIN_DAYS} days to learn from, one for validation, one for the test; a "
            "step is a fixed part (the optimizer, the same on every worker) and a part for each "
            "sample of the share; threads of one machine speed all of it up as measured for all "
            "cores; between machines a step's gradients cross a network at its full rate, and "
            "nothing overlaps with computing."
        ),
    ]
    for name, traffic in (("The paper's size", PAPER), ("Ten times that", PAPER.times(10))):
        lines += ["", f"## {name}", "", *_memory(traffic, model), ""]
        lines += _times(traffic, rates, model, prune, batch)
    return "\n".join([*lines, "", *_bottlenecks(rates, model, batch)]) + "\n"


def _memory(traffic: Traffic, model: Model) -> list[str]:
    tables, rows = table_bytes(traffic, model) / _GIB, sample_bytes(traffic) / _GIB
    return [
        f"{traffic.impressions / 1e6:,.0f} M impressions, {traffic.clicks / 1e6:,.0f} M clicks, "
        f"{traffic.users / 1e6:,.0f} M users, {traffic.items / 1e6:,.0f} M items.",
        "",
        "| held by each process | GiB |",
        "| --- | --- |",
        f"| embedding tables, float32 | {tables:,.1f} |",
        f"| Adam's two moments of each (lazy or exact alike) | {2 * tables:,.1f} |",
        f"| the best weights so far (joint_train, single_task) | {tables:,.1f} |",
        f"| **together** | **{4 * tables:,.1f}** |",
        "",
        _wrapped(
            f"The training and validation rows, {rows:,.1f} GiB, are mapped from disk: all "
            "processes of a machine share the pages that they read, and none has to hold them all."
        ),
        "",
        _wrapped(
            "Exact Adam on the tables (`optimizer.lazy_embeddings = false`) adds a dense gradient, "
            f"{tables:,.1f} GiB, and moves every row at every step."
        ),
    ]


def _times(traffic: Traffic, rates: Rates, model: Model, prune: Prune, batch: int) -> list[str]:
    steps = samples_learned(traffic, prune) / batch
    ingest, validate = (
        traffic.impressions * seconds / 3600 for seconds in (rates.ingest, rates.validate)
    )
    lines = [
        _wrapped(
            f"Ingest {ingest:,.1f} h and validation {validate:,.1f} h, on one such machine. "
            f"Warm-up, pruning, joint training and baselines learn from {steps * batch / 1e9:,.1f} "
            f"billion samples in {steps / 1e6:,.2f} M steps:"
        ),
        "",
        "| machines | "
        + " | ".join(f"hours, {rate} Gbit/s | of it exchange" for rate in _GIGABITS)
        + " |",
        "| --- |" + " --- |" * (2 * len(_GIGABITS)),
    ]
    for workers in _WORKERS:
        cells = [str(workers)]
        for rate in _GIGABITS:
            computing, exchange = step_seconds(rates, model, batch, workers, rates.speedup, rate)
            whole = computing + exchange
            cells += [f"{steps * whole / 3600:,.0f}", f"{exchange / whole:.0%}"]
        lines.append("| " + " | ".join(cells) + " |")
    shorter = replace(prune, epochs_per_round=_SHORTER)
    less = samples_learned(traffic, shorter) / batch / steps
    lines += [
        "",
        _wrapped(
            f"With rounds of {_SHORTER:g} of an epoch (`prune.epochs_per_round`, as "
            f"`production.toml` has it) it is {less * steps * batch / 1e9:,.1f} billion samples, "
            f"and {less:.0%} of all these hours."
        ),
    ]
    return lines


def _bottlenecks(rates: Rates, model: Model, batch: int) -> list[str]:
    computing = rates.a_sample * batch / rates.speedup
    fixed = rates.fixed / rates.speedup
    lines = [
        "## Where the bottleneck moves",
        "",
        f"- One machine: computing. Of a step, {fixed / (fixed + computing):.0%} doesn't shrink "
        "with the share: the masked Adam and the update of the rows, which every worker does for "
        "the whole batch.",
    ]
    for rate in _GIGABITS:
        over = next(
            (
                workers
                for workers in _WORKERS[1:]
                if step_seconds(rates, model, batch, workers, rates.speedup, rate)[1]
                > rates.a_sample * batch / workers / rates.speedup
            ),
            None,
        )
        told = f"from {over} machines on" if over else f"not before {_WORKERS[-1]} machines"
        lines.append(
            f"- {rate} Gbit/s: the exchange takes longer than the share's computing {told}."
        )
    lines += [
        "- A larger batch moves both: more computing for the same dense gradients and update. It "
        "is another training, so it has to be judged like one.",
        "- Memory, not time, is the end of this way of sharing the work: tables and moments "
        "are held by each process. Ten times the paper's size asks for tables that are split "
        "between machines, which the project doesn't do; fewer ids (`ingest.max_ids`, `min_count`) "
        "and a smaller `model.embedding_dim` are what it offers.",
    ]
    return [_wrapped(line) for line in lines]


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, subsequent_indent="  " if text.startswith("- ") else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--results", type=Path, default=_PROJECT / "benchmarks" / results.FILE)
    parser.add_argument("--page", type=Path, default=_PROJECT / "docs" / "scaling.md")
    asked = parser.parse_args(arguments)
    content = json.loads(asked.results.read_text(encoding="utf-8"))
    measured = {row["name"]: float(row["value"]) for row in content["rows"]}
    missing = [name for name in NEEDED if name not in measured]
    if missing:
        topics = sorted({name.partition(".")[0] for name in missing})
        raise SystemExit(
            f"{asked.results} lacks {missing}: run python -m benchmarks {' '.join(topics)} first"
        )
    text = page(measured, content["machine"], Optimizer().batch_size)
    asked.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
