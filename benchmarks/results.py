"""results.json and BENCHMARKS.md: what was measured, by topic."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.row import Row, Topic

FILE = "results.json"


def as_record(row: Row) -> dict[str, Any]:
    """Returns the row as it stands in results.json."""
    return {**dataclasses.asdict(row), "reached": row.reached}


def read(path: Path, machine: Mapping[str, str]) -> tuple[dict[str, Row], dict[str, str]]:
    """Returns rows and conditions of earlier commands; none of another machine's."""
    if not path.is_file():
        return {}, {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["machine"] != machine:
        return {}, {}
    records = [{k: v for k, v in record.items() if k != "reached"} for record in content["rows"]]
    return {record["name"]: Row(**record) for record in records}, dict(content["conditions"])


def write(
    path: Path, rows: Iterable[Row], machine: Mapping[str, str], conditions: Mapping[str, str]
) -> None:
    """Writes results.json."""
    content = {
        "machine": machine,
        "conditions": conditions,
        "rows": [as_record(row) for row in rows],
    }
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def page(
    topics: Mapping[str, Topic],
    rows: Mapping[str, Row],
    machine: Mapping[str, str],
    conditions: Mapping[str, str],
) -> str:
    """Returns the text of BENCHMARKS.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` and `make bench-peers`; the same figures are in",
        "`benchmarks/results.json`. What is compared was run in turns in one process tree"
        " (A B A B),",
        "values are medians over rounds, spreads the distance between their quartiles. The share",
        "of a goal is 1 or more where it is reached, whichever way it points.",
        "",
        "; ".join(f"{name}: {value}" for name, value in machine.items()) + ".",
        "",
        *[f"- {topic}: {text}." for topic, text in conditions.items()],
    ]
    for name, topic in topics.items():
        own = {row.name: row for row in rows.values() if row.name.partition(".")[0] == name}
        if own:
            lines += ["", section(name, topic, own)]
    return "\n".join(lines) + "\n"


def section(name: str, topic: Topic, rows: Mapping[str, Row]) -> str:
    """Returns a topic's heading, table, reasons and plots."""
    lines = [f"## {topic.title}", "", topic.about, "", *_table(list(rows.values()))]
    missed = [row for row in rows.values() if row.reached is False]
    lines += ["", *[_why(row, topic) for row in missed]] if missed else []
    lines += ["", *[f"![{name}]({plot})" for plot in topic.plots]] if topic.plots else []
    return "\n".join(lines)


def _table(rows: list[Row]) -> list[str]:
    lines = [
        "| what | against | median | spread | goal | share | |",
        "|---|---|---|---|---|---|---|",
    ]
    verdicts = {True: "reached", False: "**not reached**", None: ""}
    for row in rows:
        what = row.name.partition(".")[2]
        cells = [
            what,
            row.against,
            f"{figure(row.value)} {row.unit}",
            figure(row.spread),
            row.goal,
            "" if row.share is None else figure(row.share),
            verdicts[row.reached],
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _why(row: Row, topic: Topic) -> str:
    reason = topic.limits.get(row.name, "what limits it isn't known yet")
    return f"- {row.name.partition('.')[2]}, not reached: {reason}."


def figure(value: float) -> str:
    """Returns a figure with three digits that count."""
    if value == 0:
        return "0"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
