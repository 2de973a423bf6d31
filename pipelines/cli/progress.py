"""Progress on stderr: a live table of the nodes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from lt4rec_core.config import Config

_LINE = re.compile(r"^\[([a-z0-9-]+)\] +(.*)$")


def nodes(config: Config) -> tuple[str, ...]:
    """Names the DAG's nodes, in the order in which they run on one machine."""
    tasks = [task.name for task in config.tasks]
    return (
        *data_nodes(config),
        "warmup",
        *(f"prune-{task}" for task in tasks),
        *(f"single-task-{task}" for task in tasks),
        "joint-train",
        "evaluate",
        "register",
    )


def day_nodes(config: Config) -> tuple[str, ...]:
    """Names the daily DAG's nodes likewise."""
    first = data_nodes(config)
    return (*first, "choose-search", *nodes(config)[len(first) :])


def data_nodes(config: Config) -> tuple[str, ...]:
    """Names the nodes that every DAG begins with."""
    from lt4rec_core.config import fanned_out

    back = fanned_out(config)
    read = ("find-days", *(f"ingest-day-{number}" for number in back)) if back else ()
    return (*read, "ingest", *(f"validate-day-{number}" for number in back), "validate")


@contextlib.contextmanager
def watching(names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Gives a function that takes `[node] message` lines and shows them."""
    from rich.console import Console

    stderr = sys.stderr  # whoever shows a line may have redirected it
    console = Console(file=stderr)
    if not console.is_terminal or console.is_dumb_terminal:
        yield plainly()
        return
    from rich.live import Live

    board = Board(names)
    # Stdout isn't ours to redirect: results go there, and KFP's output is taken from it.
    live = Live(
        get_renderable=board.table, console=console, refresh_per_second=4, redirect_stdout=False
    )
    with live:
        try:
            yield board.take
        except BaseException:
            board.stop()
            raise


def plainly() -> Callable[[str], None]:
    """Gives a function that shows lines as they come, whatever is done to stderr later."""
    stderr = sys.stderr
    return lambda line: typer.echo(line, file=stderr)


class Told:
    """A stage's tracker that only tells its progress."""

    def __init__(self, node: str, show: Callable[[str], None]) -> None:
        self._node = node
        self._show = show

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Does nothing."""

    def progress(self, message: str) -> None:
        """Shows the message."""
        self._show(f"[{self._node}] {message}")


@dataclass
class Row:
    """One node: what it last said, and between which moments it ran."""

    state: str = "waiting"
    message: str = ""
    begun: float | None = None
    ended: float | None = None

    def take(self, message: str, now: float) -> None:
        """Notes a message and what it says of the node's state."""
        self.begun = now if self.begun is None else self.begun
        if message.startswith("finished in "):
            self.state = "kept" if self.state == "kept" else "done"
            self.ended = now
            return  # the last message before says more
        self.state = "kept" if message.startswith("skipped: ") else "running"
        self.message = message

    def seconds(self, now: float) -> str:
        """How long it has run, or ran."""
        return "" if self.begun is None else f"{(self.ended or now) - self.begun:.0f} s"


_MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▶", "bold cyan"),
    "done": ("✓", "green"),
    "kept": ("=", "green"),
    "stopped": ("✗", "bold red"),
}


class Board:
    """All nodes, drawn as a table."""

    def __init__(self, names: Sequence[str]) -> None:
        self.rows = {name: Row() for name in names}

    def take(self, line: str) -> None:
        """Takes one line of progress."""
        found = _LINE.match(line)
        if found:
            self.rows.setdefault(found[1], Row()).take(found[2], time.monotonic())

    def stop(self) -> None:
        """Marks what was at work as stopped."""
        for row in self.rows.values():
            if row.state == "running":
                row.state, row.ended = "stopped", time.monotonic()

    def table(self) -> Table:
        """Draws one line a node: mark, name, latest message, seconds."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(justify="right", no_wrap=True)
        for name, row in self.rows.items():
            mark, style = _MARKS[row.state]
            message = Text(row.message, style="" if row.state == "running" else "dim")
            seconds = row.seconds(time.monotonic())
            table.add_row(Text(mark, style), Text(name, style), message, Text(seconds, "dim"))
        return table
