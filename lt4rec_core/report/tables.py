"""Tables of a comparison as plain text cells: Markdown and the page show the same ones."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lt4rec_core.metrics import METRICS
from lt4rec_core.report.results import arrow, tone
from lt4rec_core.report.wording import MISSING, count, metric, seconds, share, signed, signed_share

_WORDS = {"good": "better", "bad": "worse", "unsure": "not told apart"}


@dataclass(frozen=True)
class Table:
    """A table: what it is called, what it was measured on, heads, and rows of cells.

    `best` names cells by (row, column) that are to stand out.
    """

    title: str
    lead: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: frozenset[tuple[int, int]] = frozenset()


def tables(summary: Mapping[str, Any]) -> Iterator[Table]:
    """Gives the comparison's tables: for each part of the rows, then size, and masks."""
    for part in summary["parts"]:
        yield arms_table(summary, part)
        versus = versus_table(summary, part)
        if versus.rows:
            yield versus
    yield size_table(summary)
    masks = masks_table(summary)
    if masks.rows:
        yield masks


def arms_table(summary: Mapping[str, Any], part: str) -> Table:
    """Each arm's metric and MTL gain, and what is trivial below."""
    tasks = summary["parts"][part]
    heads = ["arm"]
    for task, judged in tasks.items():
        heads += [f"{task} {judged['metric']} {arrow(judged['metric'])}", "MTL gain", "relative"]
    rows = [_arm_row(arm, tasks) for arm in summary["arms"]]
    names = dict.fromkeys(name for judged in tasks.values() for name in judged["trivial"])
    rows += [_trivial_row(name, tasks) for name in names]
    lead = f"{_lead(summary, part)} The best arm of each task is bold."
    best = frozenset(_best(summary["arms"], tasks))
    return Table(f"Arms, {_where(part)}", lead, tuple(heads), tuple(rows), best)


def versus_table(summary: Mapping[str, Any], part: str) -> Table:
    """The gain of connection_share over every other arm."""
    tasks = summary["parts"][part]
    heads = ["connection_share against"]
    for task, judged in tasks.items():
        heads += [f"gain in {task} {judged['metric']}", "relative", ""]
    arms = dict.fromkeys(arm for judged in tasks.values() for arm in judged["versus"])
    rows = []
    for arm in arms:
        cells = [arm]
        for judged in tasks.values():
            gain = judged["versus"].get(arm)
            verdict = tone({**gain, "value": gain["mean"]}) if gain else "unsure"
            cells += [_gain(gain), _relative(gain), _WORDS[verdict] if gain else MISSING]
        rows.append(tuple(cells))
    lead = "Above zero, connection_share is better. " + _lead(summary, part)
    return Table(
        f"connection_share against the others, {_where(part)}", lead, tuple(heads), (*rows,)
    )


def size_table(summary: Mapping[str, Any]) -> Table:
    """Weights, multiply-adds an impression and training time of each arm."""
    rows = [
        (
            arm,
            count(about["parameters"]),
            count(_whole(about["multiply_adds"])),
            seconds(about["seconds"]),
            ", ".join(f"{key} = {value}" for key, value in about["chosen"].items()) or MISSING,
        )
        for arm, about in summary["arms"].items()
    ]
    lead = (
        "Weights of all networks of an arm, embeddings among them; multiply-adds for one "
        "impression and all tasks; wall-clock seconds of one seed's training with everything in "
        "it, warm-up and pruning too, while other arms may have been at work beside it."
    )
    heads = ("arm", "parameters", "multiply-adds", "seconds", "chosen on validation")
    return Table("Size and time", lead, heads, tuple(rows))


def masks_table(summary: Mapping[str, Any]) -> Table:
    """Share of connections kept by each task, and shared by pairs, in the arms with masks."""
    rows = []
    for arm, about in summary["arms"].items():
        masks, overlaps = about["masks"], about["overlap"]
        for task in masks[0]:
            densities = [by_task[task]["density"] for by_task in masks]
            rounds = [str(by_task[task].get("round", MISSING)) for by_task in masks]
            rows.append((arm, f"{task} keeps", _spread(densities), ", ".join(rounds)))
        for pair in overlaps[0]:
            shares = [by_pair[pair] for by_pair in overlaps]
            rows.append((arm, f"{pair} share", _spread(shares), ""))
    lead = (
        "Of all prunable connections, the share that a task keeps; of those that either of two "
        "tasks keeps, the share that both do. Mean and standard deviation over seeds."
    )
    return Table("Masks", lead, ("arm", "", "share", "round chosen, by seed"), tuple(rows))


def unmeasured(summary: Mapping[str, Any], known_arms: Sequence[str]) -> list[str]:
    """Says what the tables don't show, and why."""
    said = []
    missing = [arm for arm in known_arms if arm not in summary["arms"]]
    if missing:
        said.append(f"Arms that were not part of this comparison: {', '.join(missing)}.")
    if len(summary["seeds"]) == 1:
        said.append(
            "One seed only: intervals are over users of the test day and say nothing about how "
            "much another seed would change."
        )
    if not summary["replicates"]:
        said.append("No users were drawn: intervals, where there are any, are over seeds alone.")
    untuned = [arm for arm, about in summary["arms"].items() if not about["chosen"]]
    if untuned:
        said.append(
            f"Without settings of their own, trained by the common ones: {', '.join(untuned)}."
        )
    for part, tasks in summary["parts"].items():
        for task, judged in tasks.items():
            for what, why in judged["undefined"].items():
                said.append(f"{_where(part)}, {task}, {what}: {why}.")
    said.append(f"No day but {', '.join(summary['test_days'])} was used for testing.")
    return said


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Returns what identifies the comparison, in words."""
    return {
        "written on": summary.get("written", MISSING),
        "configuration": f"{summary['name']}, digest {summary['config_digest'][:16]}",
        "dataset": f"digest {summary['dataset'][:16]}",
        "test day": ", ".join(summary["test_days"]),
        "seeds": ", ".join(map(str, summary["seeds"])),
        "threads an arm": ", ".join(map(str, summary["threads"])),
        "code": ", ".join(code[:16] for code in summary["codes"]),
    }


def _arm_row(arm: str, tasks: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [arm]
    for judged in tasks.values():
        about = judged["arms"].get(arm)
        gain = about.get("mtl_gain") if about else None
        value = metric(about["mean"]) if about else MISSING
        if about and "spread" in about:
            value += f" ± {metric(about['spread'])}"
        cells += [value, _gain(gain), _relative(gain)]
    return tuple(cells)


def _best(arms: Iterable[str], tasks: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Gives the place of each task's best arm in `arms_table`."""
    names = list(arms)
    for place, judged in enumerate(tasks.values()):
        means = {arm: about["mean"] for arm, about in judged["arms"].items()}
        if means:
            best = METRICS[judged["metric"]].higher_is_better
            arm = (max if best else min)(means, key=lambda name: means[name])
            yield names.index(arm), 1 + 3 * place


def _trivial_row(name: str, tasks: Mapping[str, Any]) -> tuple[str, ...]:
    cells = [name.replace("_", " ")]
    for judged in tasks.values():
        cells += [metric(judged["trivial"].get(name)), MISSING, MISSING]
    return tuple(cells)


def _gain(gain: Mapping[str, Any] | None) -> str:
    if not gain:
        return MISSING
    interval = f" [{signed(gain['low'])}, {signed(gain['high'])}]" if "low" in gain else ""
    return signed(gain["mean"]) + interval


def _relative(gain: Mapping[str, Any] | None) -> str:
    return signed_share(gain["relative"]["mean"]) if gain and "relative" in gain else MISSING


def _spread(values: Sequence[float]) -> str:
    mean = share(statistics.fmean(values))
    return f"{mean} ± {share(statistics.stdev(values))}" if len(values) > 1 else mean


def _whole(value: float | None) -> float | None:
    return None if value is None else round(value)


def _where(part: str) -> str:
    return "all rows" if part == "all" else f"rows with {part}"


def _lead(summary: Mapping[str, Any], part: str) -> str:
    rows = ", ".join(
        f"{task}: {count(judged['rows'])} rows of {count(judged['users'])} users"
        for task, judged in summary["parts"][part].items()
    )
    seeds, draws = len(summary["seeds"]), f"{count(summary['replicates'])} draws of users"
    said = f"Measured on {', '.join(summary['test_days'])}, {_where(part)} ({rows}), "
    chosen = "every choice was made on the validation rows."
    confidence = f"{100 * summary['confidence']:g} %"
    if seeds == 1:
        return f"{said}one seed; {chosen} Intervals are {confidence}, of {draws}."
    return (
        f"{said}{seeds} seeds; {chosen} Mean ± standard deviation over seeds; intervals are "
        f"{confidence}, of seeds and of {draws} together."
    )
