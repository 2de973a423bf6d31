"""The gate: every demand of the configuration, held against one evaluation.

A demand passes, fails, or isn't judged. It isn't judged where there is nothing to
compare with (no champion yet, a task that the champion doesn't know) and on a slice
whose metric is undefined or absent on this test day: a slice may be empty on a quiet
day. Over all rows an undefined or absent metric fails the demand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lt4rec_core.config import GateRule, Register
from lt4rec_core.gate.comparison import Comparison, Demand, Found, find
from lt4rec_core.metrics import METRICS
from lt4rec_core.metrics.events import FEWEST_EVENTS, is_few


@dataclass(frozen=True)
class Champion:
    """The registered champion, re-scored on the new model's test day.

    Attributes:
        name: how messages call it: "champion (version 3)".
        tasks: as in `metrics.json`, of its own predictions on the same rows.
        problem: why it can't be scored on this data, else "".
    """

    name: str
    tasks: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class GateDecision:
    """The verdict: accepted unless a comparison failed.

    `reasons` are those of the failed comparisons, or of the passed ones if none failed.
    """

    accepted: bool
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**dataclasses.asdict(self), "reasons": list(self.reasons)}


def decide(
    settings: Register, evaluation: Mapping[str, Any], champion: Champion | None
) -> GateDecision:
    """Decides on the model that `evaluation` (`metrics.json`) is about.

    Without a champion the model must meet the floors and, if `beat_trivial`, be better
    than every trivial predictor in each task's primary metric, where the task has enough
    events to tell. With one it must meet the floors and lose no more, or gain as much, as
    the rules say.
    """
    tasks: Mapping[str, Any] = evaluation["tasks"]
    comparisons = [
        comparison for rule in settings.rules for comparison in _judge_rule(rule, tasks, champion)
    ]
    if champion is None:
        comparisons.extend(_judge_trivial(tasks, settings.beat_trivial))
    else:
        comparisons.extend(_tell_primary(tasks, champion, comparisons))
    failed = tuple(c.reason for c in comparisons if c.passed is False)
    passed = tuple(c.reason for c in comparisons if c.passed)
    reasons = failed or passed or ("nothing was demanded of the model",)
    return GateDecision(not failed, reasons, tuple(comparisons))


def _judge_rule(
    rule: GateRule, tasks: Mapping[str, Any], champion: Champion | None
) -> Iterator[Comparison]:
    value = _value(rule, tasks)
    if rule.floor is not None:
        yield _judge(rule, "floor", value, Found(rule.floor), 0.0)
    reference = _reference(rule, champion)
    if rule.max_loss is not None:
        yield _judge(rule, "max_loss", value, reference, -rule.max_loss, champion)
    if rule.min_gain is not None:
        yield _judge(rule, "min_gain", value, reference, rule.min_gain, champion)


def _value(rule: GateRule, tasks: Mapping[str, Any]) -> Found:
    if rule.metric not in METRICS:
        return Found(None, f"no such metric is known; known are {sorted(METRICS)}")
    return find(tasks, rule.task, rule.metric, rule.slice)


def _reference(rule: GateRule, champion: Champion | None) -> Found:
    if champion is None:
        return Found(None, "there is no champion yet")
    if champion.problem:
        return Found(None, champion.problem)
    return find(champion.tasks, rule.task, rule.metric, rule.slice)


def _judge(
    rule: GateRule,
    demand: Demand,
    value: Found,
    reference: Found,
    least: float,
    champion: Champion | None = None,
) -> Comparison:
    """Passes where the gain over `reference` is at least `least`."""
    against = "floor" if demand == "floor" else "champion"
    passed: bool | None = None
    if value.value is None:
        passed = None if rule.slice and rule.metric in METRICS else False
        verdict = f"has no value: {value.why}"
    elif reference.value is None:
        passed = False if champion is not None and champion.problem else None
        verdict = f"can't be compared with the {against}: {reference.why}"
    else:
        gain = METRICS[rule.metric].gain(value.value, reference.value)
        passed = _at_least(gain, least)
        verdict = f"= {value.value:.6g} "
        if champion is None:
            verdict += f"{'meets' if passed else 'misses'} the floor {reference.value:.6g}"
        else:
            verdict += f"is {_distance(gain)} the {champion.name}'s {reference.value:.6g}; "
            verdict += _asked(demand, least)
    subject = _subject(rule.task, rule.metric, rule.slice)
    return Comparison(
        task=rule.task,
        metric=rule.metric,
        slice=rule.slice,
        demand=demand,
        against=against,
        value=value.value,
        reference=reference.value,
        passed=passed,
        reason=f"{subject} {verdict}" + ("" if passed is not None else f" ({demand} not judged)"),
    )


def _asked(demand: Demand, least: float) -> str:
    if demand == "max_loss":
        return f"at most {-least:.6g} worse is allowed"
    return f"at least {least:.6g} better is asked"


def _judge_trivial(tasks: Mapping[str, Any], asked: bool) -> Iterator[Comparison]:
    for task, entry in tasks.items():
        metric = entry["metric"]
        value = find(tasks, task, metric)
        few = is_few(entry.get("events"))
        for name, metrics in entry.get("trivial", {}).items():
            reference = metrics.get(metric)
            passed: bool | None = None
            if value.value is None and reference is None:
                verdict = f"has no value on these rows, whatever is predicted: {value.why}"
            elif value.value is None:
                passed, verdict = False, f"has no value: {value.why}"
            elif reference is None:
                verdict = f"can't be compared: the trivial predictor {name} has no value"
            else:
                gain = METRICS[metric].gain(value.value, reference)
                passed = gain > 0
                verdict = (
                    f"= {value.value:.6g} is {_distance(gain)} the trivial predictor {name}'s "
                    f"{reference:.6g}; "
                )
                verdict += (
                    f"nothing is asked of {entry['events']} events, fewer than {FEWEST_EVENTS}"
                    if few
                    else "the first model must be better"
                )
            yield Comparison(
                task,
                metric,
                "",
                "beat_trivial" if asked and not few else "none",
                f"trivial.{name}",
                value.value,
                reference,
                passed if asked and not few else None,
                f"{_subject(task, metric, '')} {verdict}",
            )


def _tell_primary(
    tasks: Mapping[str, Any], champion: Champion, judged: list[Comparison]
) -> Iterator[Comparison]:
    """Each task's primary metric beside the champion's, where no rule has asked for it."""
    seen = {(c.task, c.metric) for c in judged if c.against == "champion" and not c.slice}
    for task, entry in tasks.items():
        metric = entry["metric"]
        if (task, metric) in seen:
            continue
        rule = GateRule(task=task, metric=metric)
        value, reference = find(tasks, task, metric), _reference(rule, champion)
        if value.value is None or reference.value is None:
            verdict = f"can't be compared with the champion: {value.why or reference.why}"
        else:
            gain = METRICS[metric].gain(value.value, reference.value)
            verdict = (
                f"= {value.value:.6g} is {_distance(gain)} the {champion.name}'s "
                f"{reference.value:.6g}; nothing is asked"
            )
        yield Comparison(
            task,
            metric,
            "",
            "none",
            "champion",
            value.value,
            reference.value,
            None,
            f"{_subject(task, metric, '')} {verdict}",
        )


def _subject(task: str, metric: str, slice_name: str) -> str:
    return f"{task} {metric}" + (f" on {slice_name}" if slice_name else "")


def _distance(gain: float) -> str:
    if gain == 0:
        return "equal to"
    return f"{abs(gain):.6g} {'better' if gain > 0 else 'worse'} than"


def _at_least(gain: float, least: float) -> bool:
    """Whether `gain` reaches `least`, rounding errors of the subtraction forgiven."""
    return gain >= least - 1e-12
