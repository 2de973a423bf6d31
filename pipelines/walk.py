"""Goes through a compiled DAG node by node, in this process.

KFP's local runner starts a process a node, which takes longer than a small day's work;
days after days are run like this instead. It is the same compiled DAG.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from pipelines.workers import Job

_CHANNEL = re.compile(r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}")
_FUNCTION = "--function_to_execute"


def walk(pipeline: Any, arguments: Mapping[str, Any], run: Callable[[Job], Any]) -> None:
    """Runs each node of `pipeline` by `run` when those before it are done.

    Args:
        pipeline: a KFP pipeline without control flow.
        arguments: values of its parameters; others have their defaults.
        run: runs a component and returns its output.
    """
    from google.protobuf import json_format

    spec = json_format.MessageToDict(pipeline.pipeline_spec)
    root = spec["root"]
    given = {
        name: about.get("defaultValue")
        for name, about in root["inputDefinitions"]["parameters"].items()
    } | dict(arguments)
    tasks = root["dag"]["tasks"]
    outputs: dict[tuple[str, str], Any] = {}
    before = {name: task.get("dependentTasks", ()) for name, task in tasks.items()}
    for name in TopologicalSorter(before).static_order():
        component = spec["components"][tasks[name]["componentRef"]["name"]]
        inputs = dict(_inputs(tasks[name], given, outputs))
        known = component["inputDefinitions"]["parameters"]
        place = _place(spec, component["executorLabel"])
        taken = {key: _typed(inputs[key], known[key]) for key in known if key in inputs}
        job = Job(name, place, taken)
        outputs |= {(name, key): value for key, value in _named(job, run(job))}


def _named(job: Job, output: Any) -> Iterator[tuple[str, Any]]:
    """Gives a component's outputs by the names that KFP knows them by."""
    fields = getattr(job.function.__annotations__["return"], "_fields", None)
    if fields is None:
        yield "Output", output
    else:
        yield from zip(fields, output, strict=True)


def _inputs(
    task: Mapping[str, Any], given: Mapping[str, Any], outputs: Mapping[tuple[str, str], Any]
) -> Iterator[tuple[str, Any]]:
    """Gives each input's value; those that stand for others' outputs come by their own names."""
    entries = task["inputs"]["parameters"]
    direct = {}
    for name, entry in entries.items():
        if "componentInputParameter" in entry:
            direct[name] = given[entry["componentInputParameter"]]
        elif "taskOutputParameter" in entry:
            source = entry["taskOutputParameter"]
            direct[name] = outputs[source["producerTask"], source["outputParameterKey"]]
    yield from direct.items()
    for name, entry in entries.items():
        if "runtimeValue" in entry:
            yield name, _filled(entry["runtimeValue"]["constant"], direct)


def _typed(value: Any, about: Mapping[str, Any]) -> Any:
    """Gives back to a whole number what JSON, which has one kind of numbers, took from it."""
    return int(value) if about["parameterType"] == "NUMBER_INTEGER" else value


def _filled(value: Any, direct: Mapping[str, Any]) -> Any:
    """Puts outputs in the places that a constant keeps for them."""
    if isinstance(value, dict):
        return {key: _filled(item, direct) for key, item in value.items()}
    if isinstance(value, str):
        return _CHANNEL.sub(lambda found: str(direct[found[1]]), value)
    return value


def _place(spec: Mapping[str, Any], label: str) -> str:
    """Returns the component's function as `module:name`, which are equal here."""
    command = spec["deploymentSpec"]["executors"][label]["container"]["args"]
    name = command[command.index(_FUNCTION) + 1]
    return f"components.{name}:{name}"
