"""A comparison as Markdown: RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lt4rec_core.report.sections.facts import facts, sections, unmeasured
from lt4rec_core.report.sections.section import Figure, Table

PLOTS = "docs/results"
"""Folder of the figures' files, from where RESULTS.md lies."""


def markdown(summary: Mapping[str, Any], known_arms: Sequence[str]) -> str:
    """Returns the text: what was compared on what, all sections, and what wasn't measured."""
    lines = [
        "# Results",
        "",
        "Written by `lt4rec compare`; change it by running that again, never by hand.",
        "",
        *(f"- {name}: {value}" for name, value in facts(summary).items()),
        "",
    ]
    shown, absent = sections(summary)
    for section in shown.values():
        lines += [f"## {section.title}", "", section.lead, ""]
        for part in section.parts:
            lines += [*(_table(part) if isinstance(part, Table) else _figure(part)), ""]
    lines += ["## What was not measured", ""]
    lines += [f"- {line}" for line in (*absent, *unmeasured(summary, known_arms))]
    return "\n".join(lines) + "\n"


def figures(summary: Mapping[str, Any]) -> dict[str, Figure]:
    """Returns the figures that the text refers to, by their path from where it lies."""
    shown, _ = sections(summary)
    parts = [part for section in shown.values() for part in section.parts]
    return {_path(part): part for part in parts if isinstance(part, Figure)}


def _figure(figure: Figure) -> Iterator[str]:
    yield f"![{figure.caption}]({_path(figure)})"
    yield ""
    yield f"*{figure.caption}.*"


def _path(figure: Figure) -> str:
    return f"{PLOTS}/{figure.name}.svg"


def _table(table: Table) -> Iterator[str]:
    for said in (f"### {table.title}" if table.title else "", table.lead):
        if said:
            yield from (said, "")
    yield _row(table.heads)
    yield _row(["---", *["---:"] * (len(table.heads) - 1)])
    for place, row in enumerate(table.rows):
        yield _row([f"**{c}**" if (place, k) in table.best else c for k, c in enumerate(row)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
