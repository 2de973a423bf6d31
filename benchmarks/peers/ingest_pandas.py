"""Joins, labels, numbers and writes the logs with pandas: SOURCE TARGET."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from serve import serve

SINGLE = ["user_id", "item_id", *[f"field_{number}" for number in range(14)]]
MULTI = [f"tags_{number}" for number in range(3)]
LAST_TRAINING_DAY = "2026-01-07"


def ingest() -> None:
    """Does what the project's ingestion does, without its checks."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    log = pd.read_parquet(source / "impressions")
    log["date"] = log["date"].astype(str)
    clicks = pd.read_parquet(source / "clicks").groupby("impression_id")["timestamp"].min()
    plays = pd.read_parquet(source / "plays").groupby("impression_id")["play_time_ms"].sum()
    clicked = log["impression_id"].map(clicks)
    log["click"] = (clicked >= log["timestamp"]) & (clicked <= log["timestamp"] + 3_600_000)
    ratio = log["impression_id"].map(plays).fillna(0) / log["duration_ms"]
    log["watch_ratio"] = np.where(log["click"], ratio.clip(upper=1), np.nan)
    train = log["date"] <= LAST_TRAINING_DAY
    for name in SINGLE:
        ids = numbered(log.loc[train, name])
        log[f"id_{name}"] = log[name].map(ids).fillna(1).astype(np.int32)
    for name in MULTI:
        split = log[name].str.split(",")
        values = split.explode()
        ids = numbered(split[train].explode())
        coded = values.map(ids).fillna(1).astype(np.int32).to_numpy()
        log[name] = split
        log[f"id_{name}"] = np.split(coded, np.cumsum(split.str.len().to_numpy())[:-1])
    for day, rows in log.groupby("date"):
        rows.to_parquet(target / f"{day}.parquet", compression="zstd")


def numbered(values: pd.Series) -> pd.Series:
    """Returns the id of each value that occurs twice or more, the most frequent first."""
    counts = values.value_counts()
    counts = counts[counts >= 2]
    return pd.Series(np.arange(17, 17 + len(counts)), index=counts.index)


if __name__ == "__main__":
    serve(ingest)
