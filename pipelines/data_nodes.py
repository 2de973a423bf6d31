"""How every DAG begins: ingest, then validate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kfp import dsl

from components.ingest import ingest
from components.validate import validate

Node = Callable[..., dsl.PipelineTask]
"""Adds a component to the pipeline being defined: component, node's name, inputs."""


@dataclass(frozen=True)
class DataNodes:
    """What later nodes take from the first ones: `run` has `config` and the run's context."""

    run: dict[str, Any]
    dataset: Any
    valid: dsl.PipelineTask


def data_nodes(node: Node, **parameters: Any) -> DataNodes:
    """Adds both nodes; `parameters` are the pipeline's own, and ingest's."""
    ingested = node(ingest, "ingest", **parameters)
    run = {"config": parameters["config"], "run": ingested.outputs["run"]}
    dataset = ingested.outputs["dataset"]
    return DataNodes(run, dataset, node(validate, "validate", **run, dataset=dataset))
