"""Made-up logs in the events layout: nine days, 24 columns, ids by Zipf's law."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

DAYS = [f"2026-01-{day:02}" for day in range(1, 10)]
SINGLE = [f"field_{number}" for number in range(14)]
MULTI = [f"tags_{number}" for number in range(3)]
_DAY_MS = 86_400_000


def configuration() -> Mapping[str, Any]:
    """Returns the configuration that ingests these logs: seven training days."""
    fields = [{"name": name} for name in ("user_id", "item_id", *SINGLE)]
    fields += [{"name": name, "values": "multi"} for name in MULTI]
    fields += [{"name": "duration", "column": "duration_ms", "kind": "numeric"}]
    return {
        "ingest": {"train_days": 7, "time_zone": "UTC"},
        "fields": fields,
        "tasks": [{"name": "ctr"}, {"name": "cvr"}],
    }


def write(folder: Path, rows: int, ending: str = "parquet") -> Path:
    """Writes `rows` impressions, their clicks and plays below `folder`.

    The `ending` of the files is "parquet", "csv.gz" or "jsonl.gz".
    """
    rng = np.random.default_rng(0)
    start = int(np.datetime64(DAYS[0], "ms").astype(np.int64))
    each = rows // len(DAYS)
    for number, day in enumerate(DAYS):
        shown = _impressions(rng, number * each, each, start + number * _DAY_MS)
        clicked = shown.filter(pl.Series(rng.random(each) < 0.3)).select("impression_id")
        times = shown.join(clicked, on="impression_id", maintain_order="right")
        later = pl.col("timestamp") + 1000
        played_N = rng.integers(0, 60_000, len(clicked))
        clicks = times.select("impression_id", timestamp=later)
        plays = clicks.with_columns(play_time_ms=pl.Series(played_N))
        for stream, frame in (("impressions", shown), ("clicks", clicks), ("plays", plays)):
            path = folder / stream / f"date={day}" / f"part-0000.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(frame, path, ending)
    return folder


def _write(frame: pl.DataFrame, path: Path, ending: str) -> None:
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending == "csv.gz":
        frame.write_csv(path, compression="gzip")
    else:
        frame.write_ndjson(path, compression="gzip")


def _impressions(rng: np.random.Generator, first: int, rows: int, start: int) -> pl.DataFrame:
    def drawn(prefix: str, size: int) -> pl.Series:
        rank_N = np.minimum(size ** rng.random(rows), size - 1).astype(np.int64)
        return prefix + pl.Series(rank_N).cast(pl.String)

    columns = {
        "impression_id": "i" + pl.Series(np.arange(first, first + rows)).cast(pl.String),
        "user_id": drawn("u", 200_000),
        "item_id": drawn("v", 100_000),
        "request_id": "r" + pl.Series(np.arange(first, first + rows) // 6).cast(pl.String),
        # In the first 20 hours, so that what follows falls on the same day.
        "timestamp": pl.Series(np.sort(rng.integers(start, start + 72_000_000, rows))),
        "duration_ms": pl.Series(rng.integers(3_000, 90_000, rows)),
        **{name: drawn("f", 10 ** (1 + k % 4)) for k, name in enumerate(SINGLE)},
    }
    for name in MULTI:
        columns[name] = drawn("t", 1000) + "," + drawn("t", 1000) + "," + drawn("t", 1000)
    return pl.DataFrame(columns)
