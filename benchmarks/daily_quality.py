"""Daily retraining from the champion beside a model trained from scratch each day.

    python -m benchmarks.daily_quality CONFIG --source LOGS --from DAY --to DAY \
        --workspace DIR --target daily_quality.png

Both kinds of day go through the same daily DAG. Those from scratch have a workspace each,
so that there is no champion to start from: ids are fitted, the network is warmed up and
pruned on the day's own window. The figures go into a JSON file beside the plot.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lt4rec_core.config import Config
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.metrics import METRICS
from lt4rec_core.tasks import resolve
from pipelines.backfill import run_backfill
from pipelines.cli.arguments import read_config
from pipelines.cli.progress import plainly


def measure(
    config: Config, source: str, first: str, last: str, workspace: Path
) -> list[dict[str, Any]]:
    """Runs every day both ways; returns each day's metrics, seconds and embedding rows."""
    show = plainly()
    daily = run_backfill(config, source, first, last, workspace / "daily", show=show)
    rows = []
    for entry in daily.days:
        if entry["status"] == "failed":
            continue
        day = entry["data_date"]
        alone = run_backfill(config, source, day, day, workspace / "scratch" / day, show=show)
        rows.append(
            {
                "data_date": day,
                "search": entry["search"],
                "reason": entry["reason"],
                **{
                    kind: {
                        "metrics": known["metrics"],
                        "seconds": known["seconds"],
                        "embedding_rows": _rows(workspace / place, known["dataset"]),
                    }
                    for kind, place, known in (
                        ("daily", "daily", entry),
                        ("scratch", f"scratch/{day}", alone.days[0]),
                    )
                },
            }
        )
    return rows


def plot(config: Config, rows: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Draws each task's own metric, day by day, of both; a ring marks a search."""
    from matplotlib.figure import Figure

    tasks = resolve(config.tasks)
    figure = Figure(figsize=(5 * (len(tasks) + 1), 3.6), layout="constrained")
    axes = figure.subplots(1, len(tasks) + 1)
    days = [row["data_date"][5:] for row in rows]
    styles = {"daily": ("o-", "from the champion"), "scratch": ("s--", "from scratch")}
    for task, place in zip(tasks, axes, strict=False):
        for kind, (style, label) in styles.items():
            values = [row[kind]["metrics"][task.name].get(task.metric) for row in rows]
            place.plot(days, values, style, label=label, markersize=4)
        searched = [(d, r) for d, r in zip(days, rows, strict=True) if r["search"]]
        values = [row["daily"]["metrics"][task.name].get(task.metric) for _, row in searched]
        rings = {"markersize": 11, "markerfacecolor": "none", "label": "masks searched"}
        place.plot([day for day, _ in searched], values, "o", color="grey", **rings)
        better = "higher" if METRICS[task.metric].higher_is_better else "lower"
        place.set_title(f"{task.name}: {task.metric}, {better} is better")
        place.tick_params(axis="x", rotation=60)
    axes[0].legend(fontsize=8)
    for kind, (style, _) in styles.items():
        axes[-1].plot(days, [row[kind]["embedding_rows"] for row in rows], style, markersize=4)
    axes[-1].set_title("rows of all embedding tables")
    axes[-1].set_ylim(bottom=0)
    axes[-1].tick_params(axis="x", rotation=60)
    with file_aside(target) as partial:
        figure.savefig(partial, format=target.suffix.removeprefix(".") or "png", dpi=110)


def _rows(workspace: Path, dataset: str) -> int:
    features = workspace / "datasets" / dataset[:16] / "features.json"
    tables = json.loads(features.read_text(encoding="utf-8"))["tables"]
    return sum(table["size"] for table in tables)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("config")
    parser.add_argument("--source", required=True)
    parser.add_argument("--from", dest="first", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--to", dest="last", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--target", type=Path, default=Path("daily_quality.png"))
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked = parser.parse_args()
    config = read_config(asked.config, asked.settings)
    place = asked.workspace.expanduser().resolve()
    rows = measure(config, asked.source, asked.first, asked.last, place)
    plot(config, rows, asked.target)
    with file_aside(asked.target.with_suffix(".json")) as partial:
        partial.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
