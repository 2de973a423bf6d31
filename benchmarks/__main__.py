"""`python -m benchmarks [TOPIC …]`: measures, prints tables, writes results and BENCHMARKS.md.

A topic's rows are written as soon as it is measured and stay there until it is measured
again on the same machine: interrupted commands keep what they have, and `--resume` goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks import results
from benchmarks.machine import describe
from benchmarks.registry import LONG, OWN, PEERS, TOPICS
from benchmarks.row import Bench, Row, Topic

_PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command; exits with 1 where a topic failed, after the others."""
    asked = _arguments(arguments)
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=110)
    target: Path = asked.target
    target.mkdir(parents=True, exist_ok=True)
    machine = describe()
    rows, conditions = results.read(target / results.FILE, machine)
    failed = []
    for name in _names(asked, rows):
        topic = TOPICS[name]
        console.print(f"{topic.title} …")
        start = time.perf_counter()
        try:
            found = _measure(name, topic, asked)
        except Exception:  # noqa: BLE001 (the other topics are still wanted)
            traceback.print_exc()
            failed.append(name)
            continue
        rows = {k: row for k, row in rows.items() if k.partition(".")[0] != name} | found
        conditions[name] = _condition(asked, topic, time.perf_counter() - start)
        ordered = {k: rows[k] for t in TOPICS for k in rows if k.partition(".")[0] == t}
        known = {t: conditions[t] for t in TOPICS if t in conditions}
        results.write(target / results.FILE, ordered.values(), machine, known)
        text = results.page(TOPICS, ordered, machine, known)
        asked.page.write_text(text, encoding="utf-8")
        console.print(Markdown(results.section(name, topic, found)))
    if failed:
        sys.exit(f"failed, see above: {', '.join(failed)}")


def _names(asked: argparse.Namespace, rows: dict[str, Row]) -> list[str]:
    done = {name.partition(".")[0] for name in rows} if asked.resume else set()
    names = asked.topics or list(PEERS if asked.peers else OWN)
    return [name for name in names if name not in done]


def _measure(name: str, topic: Topic, asked: argparse.Namespace) -> dict[str, Row]:
    with tempfile.TemporaryDirectory(prefix=f"lt4rec-{name}-", dir=asked.scratch) as folder:
        threads = asked.threads or len(os.sched_getaffinity(0))
        rounds = _rounds(asked, topic)
        bench = Bench(asked.quick, asked.clock, threads, rounds, Path(folder), asked.target)
        return {row.name: row for row in topic.measure(bench)}


def _rounds(asked: argparse.Namespace, topic: Topic) -> int:
    return 1 if asked.quick else asked.rounds or topic.rounds


def _condition(asked: argparse.Namespace, topic: Topic, seconds: float) -> str:
    load = os.getloadavg()[0]
    sizes = "quick sizes, which prove nothing but that it runs" if asked.quick else "full sizes"
    return (
        f"{time.strftime('%Y-%m-%d')}, {sizes}, {_rounds(asked, topic)} rounds, {asked.clock} "
        f"clock, threads {asked.threads or 'as cores'}, took {seconds:.0f} s, load average "
        f"{load:.1f} afterwards"
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    about = f"by default {', '.join(OWN)}; with --peers {', '.join(PEERS)}; or {', '.join(LONG)}"
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=about)
    parser.add_argument("--peers", action="store_true", help="peers, in venvs of their own")
    parser.add_argument("--resume", action="store_true", help="only topics without rows so far")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a proof that it runs")
    parser.add_argument("--rounds", type=int, default=0, help="each topic's own by default")
    parser.add_argument("--threads", type=int, default=0, help="all cores by default")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--target", type=Path, help="folder of results.json")
    parser.add_argument("--page", type=Path, help="BENCHMARKS.md, or another file")
    parser.add_argument("--scratch", type=Path, default=None, help="for files that go away")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.topics if name not in TOPICS]
    if unknown:
        parser.error(f"unknown topics {unknown}; expected some of {list(TOPICS)}")
    # What only proves that it runs must not stand where figures stand.
    folder = _PROJECT / "build" if asked.quick else _PROJECT
    asked.target = asked.target or folder / "benchmarks"
    asked.page = asked.page or folder / "BENCHMARKS.md"
    return asked


if __name__ == "__main__":
    main()
