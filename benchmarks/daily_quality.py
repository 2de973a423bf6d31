"""Sixty days retrained from the champion, each beside a model trained from scratch.

Both kinds of day go through the same daily DAG. Those from scratch have a workspace each,
so that there is no champion to start from: ids are fitted, the network is warmed up and
pruned on the day's own window. What is done stays in `workspace/daily_quality`: a command
that was killed goes on where it was.
"""

from __future__ import annotations

import datetime
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.config import Config, changed, digest, load
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.tasks import Task, resolve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PROJECT = Path(__file__).resolve().parent.parent
_PLOT = "docs/results/daily-quality.svg"
_KINDS = ("daily", "scratch")

Days = Sequence[Mapping[str, Any]]


def measure(bench: Bench) -> Iterator[Row]:
    """Runs every day both ways; yields how they differ, and draws them day by day."""
    config = load(Path(__file__).with_suffix(".toml"))
    if bench.quick:
        config = changed(config, {"synthetic.days": config.ingest.train_days + 3})
    place = bench.folder if bench.quick else _PROJECT / "workspace" / "daily_quality"
    days = run_days(config, place)
    plot = place / Path(_PLOT).name if bench.quick else _PROJECT / _PLOT
    write(config, days, plot)
    yield from rows_of(config, days)


def run_days(config: Config, place: Path) -> list[dict[str, Any]]:
    """Returns of each day both ways' metrics, embedding rows and seconds."""
    from lt4rec_core.data.synthetic import generate
    from lt4rec_core.tracking import SilentTracker
    from pipelines.backfill import run_backfill
    from pipelines.cli.arguments import git_commit
    from pipelines.cli.progress import plainly

    world, logs = config.synthetic, place / "logs"
    if not logs.exists():
        generate(world, logs, SilentTracker())
    spare = config.ingest.train_days + 1
    first, last = (
        (world.start_date + datetime.timedelta(days=days)).isoformat()
        for days in (spare, world.days - 1)
    )
    run = partial(run_backfill, config, str(logs), git_commit=git_commit(), show=plainly())
    found = []
    for entry in run(first, last, place / "daily").days:
        day = entry["data_date"]
        alone = run(day, day, place / "scratch" / day).days[0]
        if "failed" in (entry["status"], alone["status"]):
            continue  # validation stopped it: there is nothing to compare
        both = zip(_KINDS, (place / "daily", place / "scratch" / day), (entry, alone), strict=True)
        known = {kind: _told(folder, told) for kind, folder, told in both}
        found.append({"data_date": day, "search": entry["search"], **known})
    return found


def rows_of(config: Config, days: Days) -> Iterator[Row]:
    """Yields each task's difference, what a day takes, and how the vocabulary grows."""
    what = "daily less from scratch, median day"
    for task in resolve(config.tasks):
        differences = [
            day["daily"]["metrics"][task.name][task.metric]
            - day["scratch"]["metrics"][task.name][task.metric]
            for day in days
        ]
        yield row_of(f"daily_quality.{task.name}_{task.metric}", differences, "", "", what)
    seconds = [day["daily"]["seconds"] / day["scratch"]["seconds"] for day in days]
    yield row_of("daily_quality.time", seconds, "×", "", "a day's run from scratch")
    last = [day["daily"]["embedding_rows"] for day in days][-len(days) // 3 :]
    growth = max(last) / min(last)
    yield row_of("daily_quality.embedding_rows", last, "rows", "", "the last third of the days")
    about = "most over least embedding rows, the last third of the days"
    yield row_of("daily_quality.growth", [growth], "×", "<= 1.1", about)


def write(config: Config, days: Days, plot: Path) -> None:
    """Writes the plot, and its figures beside it, as JSON."""
    from lt4rec_core.report.figure import draw_beside, standalone

    tasks = resolve(config.tasks)
    plots = [partial(_draw_metric, task=task, place=k, days=days) for k, task in enumerate(tasks)]
    drawing = draw_beside(
        [*plots, partial(_draw_rows, days=days)],
        name="daily-quality",
        label="Each task's metric and the embedding rows, daily and from scratch, day by day",
        width=1120,
        height=300,
    )
    content = {
        "written": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": "python -m benchmarks daily_quality",
        "config_digest": digest(config),
        "days": days,
        "medians": {row.name: row.value for row in rows_of(config, days)},
    }
    texts = {plot: standalone(drawing), plot.with_suffix(".json"): json.dumps(content, indent=1)}
    for target, text in texts.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        with file_aside(target) as aside:
            aside.write_text(text.rstrip() + "\n", encoding="utf-8")


def _told(workspace: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    features = workspace / "datasets" / entry["dataset"][:16] / "features.json"
    tables = json.loads(features.read_text(encoding="utf-8"))["tables"]
    rows = sum(table["size"] for table in tables)
    return {"metrics": entry["metrics"], "seconds": entry["seconds"], "embedding_rows": rows}


def _draw_metric(axes: Axes, *, task: Task, place: int, days: Days) -> None:
    def values(kind: str, chosen: Days) -> list[float]:
        return [day[kind]["metrics"][task.name][task.metric] for day in chosen]

    from lt4rec_core.metrics import METRICS

    _draw(axes, days, {kind: values(kind, days) for kind in _KINDS}, place)
    searched = [day for day in days if day["search"]]
    at = [days.index(day) + 1 for day in searched]
    axes.plot(at, values("daily", searched), "o", mfc="none", ms=9, color="#667080", label="search")
    better = "higher" if METRICS[task.metric].higher_is_better else "lower"
    axes.set_ylabel(f"{task.name} {task.metric}, {better} is better")
    axes.legend(loc="best", fontsize=9)


def _draw_rows(axes: Axes, *, days: Days) -> None:
    _draw(axes, days, {k: [day[k]["embedding_rows"] for day in days] for k in _KINDS}, 2)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("embedding rows")
    axes.legend(loc="best", fontsize=9)


def _draw(axes: Axes, days: Days, values: Mapping[str, list[float]], place: int) -> None:
    from lt4rec_core.report.figure import MUTED, colour

    numbers = range(1, len(days) + 1)
    styles = {"daily": ("from the champion", colour(place)), "scratch": ("from scratch", MUTED)}
    for kind, (said, tint) in styles.items():
        median = statistics.median(values[kind])
        label = f"{said}, median {median:,.0f}" if median > 1 else f"{said}, median {median:.4f}"
        axes.plot(numbers, values[kind], color=tint, linewidth=1.6, label=label)
    axes.set_xlabel("day")


DAILY_QUALITY = Topic(
    title="Sixty days in a row",
    about=(
        "A made-up world (`benchmarks/daily_quality.toml`) to which users and items come every "
        "day: each day is retrained from the champion, and beside it from scratch."
    ),
    measure=measure,
    limits={
        "daily_quality.growth": "ids that are new and ids that are retired don't balance yet",
    },
    rounds=1,
    plots=(_PLOT,),
)
