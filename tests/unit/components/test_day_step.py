"""Each day of the logs by a task of its own, through the DAG's first nodes."""

# No `from __future__ import annotations`: KFP reads the types of a pipeline's parameters.
import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kfp import dsl

from components.day_step import day_at
from components.failures import read_failure
from components.ingest_day import ingest_day
from components.pipeline_run import new_parent
from components.reference import Reference
from components.store import Store, open_store
from lt4rec_core.config import Config, fanned_out, to_mapping
from lt4rec_core.data.days import Days
from lt4rec_core.errors import InputError
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from pipelines.cli.progress import data_nodes as data_names
from pipelines.data_nodes import data_nodes
from pipelines.node import make_node
from pipelines.walk import walk
from pipelines.workers import Job

DATE = "2026-01-05"


@pytest.fixture
def config(tiny_config: Config) -> Config:
    return dataclasses.replace(
        tiny_config,
        cluster=dataclasses.replace(tiny_config.cluster, fan_out=True),
        ingest=dataclasses.replace(tiny_config.ingest, train_days=2),
        validate=dataclasses.replace(tiny_config.validate, min_known_ratio=0),
    )


@pytest.fixture
def store(config: Config, workspace: Path) -> Store:
    return open_store(config.tracking, workspace)


@pytest.fixture
def read(config: Config, tiny_logs: Path, store: Store) -> Callable[..., dict[str, Any]]:
    """Runs the first nodes, those that are `worked` on; gives the outputs by node."""

    def node(component: Any, name: str, **inputs: Any) -> dsl.PipelineTask:
        return make_node(config, component, name, **inputs)

    back = fanned_out(config)

    @dsl.pipeline(name="data")
    def data(
        config: str,
        source: str,
        workspace: str,
        data_date: str,
        parent_run_id: str,
        git_commit: str = "",
    ) -> None:
        data_nodes(
            node,
            back,
            config=config,
            source=source,
            data_date=data_date,
            workspace=workspace,
            parent_run_id=parent_run_id,
            git_commit=git_commit,
        )

    def do(
        day: str, logs: Path = tiny_logs, worked: tuple[str, ...] = ("find-days", "ingest")
    ) -> dict[str, Any]:
        arguments = {
            "config": json.dumps(to_mapping(config)),
            "source": str(logs),
            "workspace": str(store.workspace),
            "data_date": day,
            "parent_run_id": new_parent(store, config, str(logs), day, ""),
        }
        outputs: dict[str, Any] = {}

        def run(job: Job) -> Any:
            outputs[job.node] = job.run() if job.node.startswith(worked) else ""
            return outputs[job.node]

        walk(data, arguments, run)
        return outputs

    return do


def ran(text: str) -> set[str]:
    """Nodes that did their work, that is, weren't skipped."""
    return {line[1 : line.index("]")] for line in text.splitlines() if line.endswith("] started")}


def test_days_read_by_tasks_of_their_own_make_the_dataset_of_a_single_process(
    read: Callable[..., dict[str, Any]], config: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    outputs = read(DATE, worked=("",))
    whole = ingest(config, str(tiny_logs), DATE, tmp_path / "dataset", SilentTracker())
    assert Reference.parse(outputs["ingest"][1]).digest == whole.digest
    assert set(outputs) == set(data_names(config))
    assert all(outputs.values())


def test_next_day_reads_only_what_is_not_there_whole(
    read: Callable[..., dict[str, Any]], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = read("2026-01-04")
    damaged = Reference.parse(outputs["ingest-day-1"]).digest  # of 2026-01-03
    with (store.workspace / "days" / damaged[:16] / "2026-01-03.parquet").open("ab") as file:
        file.write(b"more")
    capsys.readouterr()
    read(DATE)
    assert ran(capsys.readouterr().out) == {"find-days", "ingest-day-0", "ingest-day-2", "ingest"}


def test_a_day_that_cannot_be_read_stops_as_a_single_process_does(
    read: Callable[..., dict[str, Any]],
    config: Config,
    store: Store,
    tiny_logs: Path,
    tmp_path: Path,
) -> None:
    logs = shutil.copytree(tiny_logs, tmp_path / "logs")
    broken = next((logs / "plays" / "date=2026-01-04").iterdir())
    broken.write_bytes(b"no Parquet")
    with pytest.raises(InputError, match="plays/date=2026-01-04") as whole:
        ingest(config, str(logs), DATE, tmp_path / "dataset", SilentTracker())
    with pytest.raises(SystemExit) as stopped:
        read(DATE, logs)
    parent = next(run for run in store.search("") if "lt4rec.node" not in run.data.tags)
    failure = read_failure(store.workspace, parent.info.run_id)
    assert failure is not None
    assert (failure.kind, failure.message) == ("InputError", str(whole.value))
    assert stopped.value.code == whole.value.exit_code


def test_a_day_that_is_left_out_has_no_result() -> None:
    days = Days(("2026-01-01", "2026-01-02"), {"2026-01-01": "it's bad"}, "").to_json()
    assert [day_at(days, back) for back in (0, 1)] == ["2026-01-02", ""]
    assert ingest_day.python_func("{}", "{}", "logs", days, 1) == ""
