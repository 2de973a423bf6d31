"""What a section of a comparison's report is made of: plain values without any layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup


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


@dataclass(frozen=True)
class Figure:
    """A drawing as inline SVG; `name` is its file's name and is unique in the whole report."""

    name: str
    caption: str
    drawing: Markup


@dataclass(frozen=True)
class Section:
    """A headline, what there is to say before, and tables and figures in order."""

    title: str
    lead: str
    parts: tuple[Table | Figure, ...]


@dataclass(frozen=True)
class Absent:
    """A section that can't be shown: `why`, as a line of what was not measured."""

    why: str


Make = Callable[[Mapping[str, Any]], Section | Absent]
"""Makes a section from the summary; see `lt4rec_core.comparison.summary.summarize`."""
