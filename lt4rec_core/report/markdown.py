"""A comparison as Markdown: RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lt4rec_core.report.tables import Table, facts, tables, unmeasured


def markdown(summary: Mapping[str, Any], known_arms: Sequence[str]) -> str:
    """Returns the text: what was compared on what, all tables, and what wasn't measured."""
    lines = [
        "# Results",
        "",
        "Written by `lt4rec compare`; change it by running that again, never by hand.",
        "",
        *(f"- {name}: {value}" for name, value in facts(summary).items()),
        "",
    ]
    for table in tables(summary):
        lines += [*_table(table), ""]
    lines += ["## What was not measured", ""]
    lines += [f"- {line}" for line in unmeasured(summary, known_arms)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.title}"
    yield ""
    yield table.lead
    yield ""
    yield _row(table.heads)
    yield _row(["---", *["---:"] * (len(table.heads) - 1)])
    for place, row in enumerate(table.rows):
        yield _row([f"**{c}**" if (place, k) in table.best else c for k, c in enumerate(row)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
