"""`python -m benchmarks [TOPIC …]`: measures, prints tables, writes results and BENCHMARKS.md."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import results
from benchmarks.machine import describe
from benchmarks.registry import OWN, PEERS, TOPICS
from benchmarks.row import Bench, Row, Topic

_PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command."""
    asked = _arguments(arguments)
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    target: Path = asked.target
    target.mkdir(parents=True, exist_ok=True)
    machine = describe()
    rows = results.read(target / results.FILE, machine)
    conditions = _conditions(target)
    names = asked.topics or [*OWN, *(PEERS if asked.peers else ())]
    for name in names:
        topic = TOPICS[name]
        console.print(f"{topic.title} …")
        found = _measure(name, topic, asked)
        rows = {k: row for k, row in rows.items() if k.partition(".")[0] != name} | found
        conditions[name] = _condition(asked)
        ordered = {k: rows[k] for t in TOPICS for k in rows if k.partition(".")[0] == t}
        results.write(target / results.FILE, ordered.values(), machine, conditions)
        text = results.markdown(TOPICS, ordered, machine, conditions)
        asked.page.write_text(text, encoding="utf-8")
        console.print(Markdown(results.markdown({name: topic}, found, machine, {})))


def _measure(name: str, topic: Topic, asked: argparse.Namespace) -> dict[str, Row]:
    with tempfile.TemporaryDirectory(prefix=f"lt4rec-{name}-", dir=asked.scratch) as folder:
        threads = asked.threads or len(os.sched_getaffinity(0))
        rounds = 1 if asked.quick else asked.rounds
        bench = Bench(asked.quick, asked.clock, threads, rounds, Path(folder))
        return {row.name: row for row in topic.measure(bench)}


def _condition(asked: argparse.Namespace) -> str:
    load = os.getloadavg()[0]
    sizes = "quick sizes, which prove nothing but that it runs" if asked.quick else "full sizes"
    return (
        f"{time.strftime('%Y-%m-%d')}, {sizes}, {asked.rounds} rounds, {asked.clock} clock, "
        f"threads {asked.threads or 'as cores'}, load average {load:.1f} afterwards"
    )


def _conditions(target: Path) -> dict[str, str]:
    path = target / results.FILE
    return dict(json.loads(path.read_text())["conditions"]) if path.is_file() else {}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", choices=[*TOPICS, []], help="all of them by default")
    parser.add_argument("--peers", action="store_true", help="with peers, in venvs of their own")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a proof that it runs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="all cores by default")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--target", type=Path, help="folder of results.json")
    parser.add_argument("--page", type=Path, help="BENCHMARKS.md, or another file")
    parser.add_argument("--scratch", type=Path, default=None, help="for files that go away")
    asked = parser.parse_args(arguments)
    # What only proves that it runs must not stand where figures stand.
    folder = _PROJECT / "build" if asked.quick else _PROJECT
    asked.target = asked.target or folder / "benchmarks"
    asked.page = asked.page or folder / "BENCHMARKS.md"
    return asked


if __name__ == "__main__":
    main()
