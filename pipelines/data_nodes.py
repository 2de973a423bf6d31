"""How every DAG begins: ingest, then validate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kfp import dsl

from components.find_days import find_days
from components.ingest import ingest
from components.ingest_day import ingest_day
from components.validate import validate
from components.validate_day import validate_day

Node = Callable[..., dsl.PipelineTask]
"""Adds a component to the pipeline being defined: component, node's name, inputs."""


@dataclass(frozen=True)
class DataNodes:
    """What later nodes take from the first ones: `run` has `config` and the run's context."""

    run: dict[str, Any]
    dataset: Any
    valid: dsl.PipelineTask


def data_nodes(node: Node, back: Sequence[int], **parameters: Any) -> DataNodes:
    """Adds both nodes; `parameters` are the pipeline's own, and ingest's.

    Days that lie so far `back` are read and counted by nodes of their own before.
    """
    config = {"config": parameters["config"]}
    read, counted = {}, {}
    if back:
        found = node(find_days, "find-days", **parameters)
        days = {"days": found.outputs["days"]}
        begun = {**config, **days, "run": found.outputs["run"], "source": parameters["source"]}
        read = {**days, "read": _each(node, ingest_day, "ingest-day", back, begun)}
    ingested = node(ingest, "ingest", **parameters, **read)
    run = {**config, "run": ingested.outputs["run"]}
    dataset = ingested.outputs["dataset"]
    if back:
        begun = {**run, **days, "dataset": dataset}
        counted = {"profiles": _each(node, validate_day, "validate-day", back, begun)}
    return DataNodes(run, dataset, node(validate, "validate", **run, dataset=dataset, **counted))


def _each(
    node: Node, component: Any, name: str, back: Sequence[int], inputs: dict[str, Any]
) -> dict[str, Any]:
    return {
        str(number): node(component, f"{name}-{number}", **inputs, back=number).output
        for number in back
    }
