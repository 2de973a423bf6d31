"""Joins, labels, numbers and writes the logs with DuckDB: SOURCE TARGET ENDING."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb
from serve import serve

SINGLE = ["user_id", "item_id", *[f"field_{number}" for number in range(14)]]
MULTI = [f"tags_{number}" for number in range(3)]
LAST_TRAINING_DAY = "2026-01-07"
READERS = {"parquet": "read_parquet", "csv.gz": "read_csv", "jsonl.gz": "read_json"}


def stream(source: str, name: str, ending: str) -> str:
    """Returns the SQL that reads all files of a stream."""
    return f"{READERS[ending]}('{source}/{name}/*/*.{ending}', hive_partitioning = true)"


def unseen(value: str) -> str:
    """Returns the SQL of the bucket of an id that the training days don't have."""
    return f"1 + (hash({value}) % 16)::integer"


def ingest() -> None:
    """Does what the project's ingestion does, without its checks."""
    target = Path(sys.argv[2])
    shown, clicks, plays = (
        stream(sys.argv[1], name, sys.argv[3]) for name in ("impressions", "clicks", "plays")
    )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    base = duckdb.connect()
    base.sql(f"""
        create table log as
        select i.*, c.impression_id is not null as click,
               case when c.impression_id is not null
                    then least(coalesce(p.play_time_ms, 0) / i.duration_ms, 1) end as watch_ratio
        from {shown} i
        left join (select impression_id, min(timestamp) as timestamp
                   from {clicks} group by 1) c
               on c.impression_id = i.impression_id
              and c.timestamp between i.timestamp and i.timestamp + 3600000
        left join (select impression_id, sum(play_time_ms) as play_time_ms
                   from {plays} group by 1) p
               on p.impression_id = i.impression_id
    """)
    for name in (*SINGLE, *MULTI):
        value = f"unnest(string_split({name}, ','))" if name in MULTI else name
        base.sql(f"""
            create table ids_{name} as
            select value, 16 + row_number() over (order by count(*) desc, value) as id
            from (select {value} as value from log where date <= '{LAST_TRAINING_DAY}')
            group by value having count(*) >= 2
        """)
    # The raw columns stand beside the ids, as in the project's dataset.
    raw = ", ".join(
        [
            *(f"l.{name}" for name in SINGLE),
            *(f"string_split(l.{name}, ',') as {name}" for name in MULTI),
        ]
    )
    singles = ", ".join(
        f"case when l.{name} is null then 0 else coalesce(s_{name}.id, {unseen(f'l.{name}')}) end "
        f"as id_{name}"
        for name in SINGLE
    )
    joins = " ".join(
        f"left join ids_{name} s_{name} on s_{name}.value = l.{name}" for name in SINGLE
    )
    for name in MULTI:  # DuckDB's own way from values to numbers: an enum's codes
        base.sql(f"create type enum_{name} as enum (select value from ids_{name} order by id)")
    multis = ", ".join(
        f"list_transform(string_split(l.{name}, ','), lambda x: "
        f"coalesce(17 + enum_code(try_cast(x as enum_{name})), {unseen('x')})) as id_{name}"
        for name in MULTI
    )
    base.sql(f"""
        copy (select l.date, l.impression_id, l.timestamp, l.duration_ms / 1000 as length,
                     l.duration_ms, l.click, l.watch_ratio, {raw}, {singles}, {multis}
              from log l {joins})
        to '{target}/days' (format parquet, compression zstd, partition_by (date))
    """)
    base.close()


if __name__ == "__main__":
    serve(ingest)
