"""Ingesting and validating logs: seconds and peak memory, and the same job by peers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import logs
from benchmarks.child import Ended, run_child
from benchmarks.environment import Peer, Running, running, served
from benchmarks.interleave import Contestant, interleaved
from benchmarks.row import Bench, Row, Topic, row_of

DUCKDB = Peer("duckdb", ("duckdb==2.0.1",), "ingest_duckdb.py")
PANDAS = Peer("pandas", ("pandas==3.1.1", "pyarrow==25.0.1"), "ingest_pandas.py")
_SLOWER = (
    "ours stages streams by day first, so that its memory stays bounded, and also checks every "
    "value, counts what it drops and why, and writes digests of what it wrote"
)


def own(bench: Bench) -> Iterator[Row]:
    """Yields seconds and peak memory of ingestion and of validation."""
    rows = bench.size(5_000_000, 9000)
    source = logs.write(bench.folder / "logs", rows)
    ingest, validate = _jobs(bench, source)
    about = f"{rows:,} impressions of 24 columns"
    yield from _of("data.ingest_5M", ingest, "", "<= 2", about)
    yield from _of("data.validate_5M", validate, "", "<= 4", about)


def ten_millions(bench: Bench) -> Iterator[Row]:
    """Yields seconds and peak memory of validating 10 M rows, and of ingesting them."""
    rows = bench.size(10_000_000, 9000)
    ingest, validate = _jobs(bench, logs.write(bench.folder / "logs", rows))
    about = f"{rows:,} impressions of 24 columns"
    yield from _of("data_10m.ingest", ingest, "", "", about)
    yield from _of("data_10m.validate", validate, "<= 60", "<= 4", about)


def fifty_millions(bench: Bench) -> Iterator[Row]:
    """Yields seconds and peak memory of ingesting 5 M and 50 M rows, and their ratio."""
    peaks = []
    for name, rows in (
        ("5M", bench.size(5_000_000, 9000)),
        ("50M", bench.size(50_000_000, 18_000)),
    ):
        source = logs.write(bench.folder / "logs", rows)
        ended = [_job(bench, "ingest", source, bench.folder / "dataset")]
        yield from _of(f"data_50m.ingest_{name}", ended, "", "", f"{rows:,} impressions")
        peaks.append(ended[0].peak_bytes)
        for made in ("logs", "dataset"):
            shutil.rmtree(bench.folder / made)
    ratio = [peaks[1] / peaks[0]]
    yield row_of("data_50m.memory", ratio, "×", "<= 1.25", "peak memory at a tenth of the rows")


def parquet_peers(bench: Bench) -> Iterator[Row]:
    """Yields how many times as fast as DuckDB and pandas the ingestion from Parquet is."""
    yield from _against(bench, "data_peers", "parquet", 5_000_000, {"duckdb": 1.5, "pandas": 4})


def text_peers(bench: Bench) -> Iterator[Row]:
    """Yields how many times as fast as DuckDB the ingestion from compressed text is."""
    yield from _against(bench, "text_peers", "csv.gz", 1_000_000, {"duckdb": 2.5})
    yield from _against(bench, "text_peers", "jsonl.gz", 1_000_000, {"duckdb": 1.5})


def _jobs(bench: Bench, source: Path) -> tuple[list[Ended], list[Ended]]:
    """Ingests and validates in turns; returns what every turn took."""
    dataset = bench.folder / "dataset"
    ingested: list[Ended] = []
    validated: list[Ended] = []
    for _ in range(bench.rounds):
        for made in (dataset, bench.folder / "validation"):
            shutil.rmtree(made, ignore_errors=True)
        ingested.append(_job(bench, "ingest", source, dataset))
        validated.append(_job(bench, "validate", dataset, bench.folder / "validation"))
    return ingested, validated


def _of(
    name: str, ended: list[Ended], time_goal: str, memory_goal: str, about: str
) -> Iterator[Row]:
    seconds = [one.seconds for one in ended]
    peaks = [one.peak_bytes / 2**30 for one in ended]
    yield row_of(name, seconds, "s", time_goal, about)
    yield row_of(f"{name}_memory", peaks, "GiB", memory_goal, about)


def _against(
    bench: Bench, topic: str, ending: str, full: int, goals: dict[str, float]
) -> Iterator[Row]:
    rows = bench.size(full, 9000)
    folder = bench.folder / ending
    source = str(logs.write(folder / "logs", rows, ending))
    again = [sys.executable, "-m", "benchmarks.jobs", "ingest-again", source, str(folder / "ours")]
    with (
        served(again, bench) as ours,
        running(DUCKDB, [source, str(folder / "duckdb"), ending], bench) as duckdb,
        running(PANDAS, [source, str(folder / "pandas")], bench) as pandas,
    ):
        everybody = {"ours": ours, "duckdb": duckdb, "pandas": pandas}
        taking_part = {name: everybody[name] for name in ("ours", *goals)}
        turns: dict[str, Contestant] = {name: one.turn for name, one in taking_part.items()}
        seconds = interleaved(bench, turns, warm=bench.quick)
    shutil.rmtree(folder)
    kind = ending.removesuffix(".gz")
    about = f"{rows:,} impressions from {ending}"
    for name, one in taking_part.items():
        if name != "ours":
            ratio = seconds[name] / seconds["ours"]
            yield row_of(f"{topic}.{kind}_{name}", ratio, "×", f">= {goals[name]:g}", about)
        yield row_of(f"{topic}.{kind}_{name}_seconds", seconds[name], "s", "", about)
        yield _memory(f"{topic}.{kind}_{name}_memory", one)


def _memory(name: str, process: Running) -> Row:
    peaks = [peak / 2**30 for peak in process.peaks]
    return row_of(name, peaks, "GiB", "", "peak of the process")


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
    rounds=3,
)
DATA_10M = Topic(
    title="Validation of 10 M rows",
    about="The same processes with 10 M impressions.",
    measure=ten_millions,
    rounds=1,
)
DATA_50M = Topic(
    title="Memory at 50 M rows",
    about="Peak memory of the ingestion process as the logs grow tenfold; each size once.",
    measure=fifty_millions,
    rounds=1,
    limits={
        "data_50m.memory": (
            "files, row groups and joins are read in pieces of a bounded size, but clicks and play "
            "times are held, one value a row, until their day is written"
        )
    },
)
DATA_PEERS = Topic(
    title="Data against peers",
    about=(
        "The same join, labels and ids from Parquet, and one Parquet file a day of the same "
        "columns (raw ones beside their ids), by DuckDB "
        f"({DUCKDB.requirements[0].partition('==')[2]}, in memory) and pandas "
        f"({PANDAS.requirements[0].partition('==')[2]}). All processes are started and their "
        "libraries imported before. Neither peer checks its input, cuts numbers into buckets, "
        "marks the known users and items, or computes digests of its output; pandas gives "
        "all unseen ids one bucket."
    ),
    measure=parquet_peers,
    rounds=3,
    limits={"data_peers.parquet_duckdb": _SLOWER, "data_peers.parquet_pandas": _SLOWER},
)
TEXT_PEERS = Topic(
    title="Text against peers",
    about="The same from compressed CSV and JSON Lines.",
    measure=text_peers,
    rounds=3,
    limits={
        "text_peers.csv_duckdb": _SLOWER,
        "text_peers.jsonl_duckdb": _SLOWER,
    },
)
