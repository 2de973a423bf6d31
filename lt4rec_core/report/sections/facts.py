"""What identifies a comparison, and what it doesn't show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lt4rec_core.report.sections.cells import where
from lt4rec_core.report.sections.registry import SECTIONS
from lt4rec_core.report.sections.section import Absent, Section
from lt4rec_core.report.wording import MISSING


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Returns what identifies the comparison, in words."""
    return {
        "written on": summary.get("written", MISSING),
        "command": summary.get("command", MISSING),
        "machine": summary.get("machine", MISSING),
        "configuration": f"{summary['name']}, digest {summary['config_digest'][:16]}",
        "dataset": f"{summary['source']}, digest {summary['dataset'][:16]}",
        "test day": ", ".join(summary["test_days"]),
        "seeds": ", ".join(map(str, summary["seeds"])),
        "threads an arm": ", ".join(map(str, summary["threads"])),
        "code": ", ".join(code[:16] for code in summary["codes"]),
    }


def sections(summary: Mapping[str, Any]) -> tuple[dict[str, Section], list[str]]:
    """Returns the sections that can be shown, by anchor, and why the others can't."""
    made = {anchor: make(summary) for anchor, make in SECTIONS.items()}
    shown = {anchor: part for anchor, part in made.items() if isinstance(part, Section)}
    return shown, [part.why for part in made.values() if isinstance(part, Absent)]


def unmeasured(summary: Mapping[str, Any], known_arms: Sequence[str]) -> Iterator[str]:
    """Gives what the tables don't show, and why, beside whole sections."""
    missing = [arm for arm in known_arms if arm not in summary["arms"]]
    if missing:
        yield f"Arms that were not part of this comparison: {', '.join(missing)}."
    if len(summary["seeds"]) == 1:
        yield (
            "One seed only: intervals are over users of the test day and say nothing about how "
            "much another seed would change."
        )
    if not summary["replicates"]:
        yield "No users were drawn: intervals, where there are any, are over seeds alone."
    untuned = [arm for arm, about in summary["arms"].items() if not about["chosen"]]
    if untuned:
        yield f"Without settings of their own, trained by the common ones: {', '.join(untuned)}."
    for part, tasks in summary["parts"].items():
        for task, judged in tasks.items():
            for what, why in judged["undefined"].items():
                yield f"{where(part)}, {task}, {what}: {why}."
    yield f"No day but {', '.join(summary['test_days'])} was used for testing."
