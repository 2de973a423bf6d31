"""Ingesting and validating logs: seconds and peak memory, and the same job by peers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import logs
from benchmarks.child import Ended, run_child
from benchmarks.environment import Peer, Running, running
from benchmarks.interleave import Contestant, interleaved
from benchmarks.row import Bench, Row, Topic, row_of

DUCKDB = Peer("duckdb", ("duckdb==1.4.2",), "ingest_duckdb.py")
PANDAS = Peer("pandas", ("pandas==2.3.3", "pyarrow==21.0.0"), "ingest_pandas.py")


def own(bench: Bench) -> Iterator[Row]:
    """Yields seconds and peak memory of ingestion and of validation, at two sizes."""
    for rows in (bench.size(1_000_000, 9000), bench.size(5_000_000, 0)):
        if rows:
            yield from _sized(bench, rows)


def _sized(bench: Bench, rows: int) -> Iterator[Row]:
    source = logs.write(bench.folder / f"logs_{rows}", rows)
    dataset = bench.folder / f"dataset_{rows}"
    took: dict[str, list[Ended]] = {"ingest": [], "validate": []}

    def job(name: str, location: Path, target: Path) -> Contestant:
        def turn() -> float:
            shutil.rmtree(target, ignore_errors=True)
            took[name].append(_job(bench, name, location, target))
            return took[name][-1].seconds

        return turn

    contestants = {
        "ingest": job("ingest", source, dataset),
        "validate": job("validate", dataset, bench.folder / "validation"),
    }
    seconds = interleaved(bench, contestants, warm=False)
    millions = f"{rows / 1e6:g}M"
    goals = {"ingest": ("", "<= 2"), "validate": ("<= 60", "<= 4")}
    for name, (time_goal, memory_goal) in goals.items():
        peaks = [ended.peak_bytes / 2**30 for ended in took[name]]
        about = f"{rows:,} impressions of 24 columns"
        yield row_of(f"data.{name}_{millions}", seconds[name], "s", time_goal, about)
        yield row_of(f"data.{name}_{millions}_memory", peaks, "GiB", memory_goal, about)


def against_peers(bench: Bench) -> Iterator[Row]:
    """Yields how many times as fast as DuckDB and pandas the ingestion is."""
    rows = bench.size(1_000_000, 9000)
    source = logs.write(bench.folder / "logs", rows)
    targets = {name: bench.folder / name for name in ("ours", "duckdb", "pandas")}

    def ours() -> float:
        shutil.rmtree(targets["ours"], ignore_errors=True)
        return _job(bench, "ingest", source, targets["ours"]).seconds

    with (
        running(DUCKDB, [str(source), str(targets["duckdb"])], bench) as duckdb,
        running(PANDAS, [str(source), str(targets["pandas"])], bench) as pandas,
    ):
        turns: dict[str, Callable[[], float]] = {
            "ours": ours,
            "duckdb": duckdb.turn,
            "pandas": pandas.turn,
        }
        seconds = interleaved(bench, turns)
    about = f"{rows:,} impressions from Parquet"
    for name, goal in (("duckdb", ">= 1.5"), ("pandas", ">= 4")):
        ratio = seconds[name] / seconds["ours"]
        yield row_of(f"data_peers.{name}", ratio, "×", goal, f"{name}, {about}")
    for name, peer in (("duckdb", duckdb), ("pandas", pandas)):
        yield _memory(name, peer)


def _memory(name: str, peer: Running) -> Row:
    peaks = [peak / 2**30 for peak in peer.peaks]
    return row_of(f"data_peers.{name}_memory", peaks, "GiB", "", f"peak of {name}")


def _job(bench: Bench, name: str, source: Path, target: Path) -> Ended:
    variables = {"POLARS_MAX_THREADS": str(bench.threads)}
    command = [sys.executable, "-m", "benchmarks.jobs", name, str(source), str(target)]
    return run_child(command, bench.clock, variables=variables)


DATA = Topic(
    title="Data",
    about=(
        "Ingestion (join, labels, ids, per-day Parquet, with checksums and refusals) and validation"
        " of every row, each in a process of its own with its start-up, imports included."
    ),
    measure=own,
)
DATA_PEERS = Topic(
    title="Data against peers",
    about=(
        "The same join, labels and ids, and one Parquet file a day, by DuckDB and pandas, whose "
        "processes are started and imported before; ours starts anew each time. Neither peer "
        "checks its input or computes digests of its output."
    ),
    measure=against_peers,
)
