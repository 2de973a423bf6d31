"""The days of a registered model, read back from the runs and versions in MLflow."""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.dataset_step import LATE
from components.pipeline_run import CONFIG_FILE, MODEL_NAME, PIPELINE
from components.reference import Reference
from components.store import KEY, NODE, WORKSPACE, Store, last_first, local_path, store_errors
from lt4rec_core.artifact import inside, read_object
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import ArtifactError, InputError, StoreError
from lt4rec_core.monitoring.day import Day, Status, measured

_PARENT, _REFERENCE, _FAILURE = "mlflow.parentRunId", "lt4rec.reference", "lt4rec.failure"
_STATUS: Mapping[str, Status] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}

# Node → the file that it leaves, which artifact of the node's run that is in where the run
# failed and filed none, and which argument of `measured` it is.
_DOCUMENTS = {
    "ingest": ("manifest.json", "dataset", "manifest"),
    "validate": ("validation.json", "validate", "validation"),
    "choose-search": ("choice.json", "choose_search", "choice"),
    "evaluate": ("metrics.json", "evaluate", "evaluation"),
    "register": ("registered.json", "register", "gate"),
}


def read_days(store: Store, name: str) -> list[Day]:
    """Returns the days of the model `name`, the earliest first, one entry a data date.

    Of several runs of a date the one that made its latest version counts, else the latest.

    Raises:
        StoreError: MLflow can't be read.
    """
    children = _children(store)
    registry = _read_registry(store, name, children)
    runs = [run for run in _runs(store) if run.data.tags.get(MODEL_NAME, name) == name]
    by_date: dict[str, list[_Run]] = {}
    for run in runs:
        found = _Run(run, children.get(run.info.run_id, {}), registry)
        if found.counts:
            by_date.setdefault(found.date or found.id, []).append(found)
    chosen = sorted((_choose(found) for found in by_date.values()), key=lambda run: run.order)
    return [_day(store, run, registry) for run in chosen]


def read_config(store: Store, run_id: str) -> dict[str, Any]:
    """Returns the configuration that a pipeline run was made with, as plain values.

    Raises:
        ArtifactError: the run has none.
    """
    return document(store, Reference(run_id, "", ""), CONFIG_FILE)


def find_model(store: Store, name: str = "") -> str:
    """Returns `name`, or the name of the only registered model there is.

    Where none is registered yet, the models that runs were about count: their days failed.

    Raises:
        InputError: there is no such model, or it isn't clear which is meant.
    """
    with store_errors("registered models can't be listed"):
        known = {str(model.name) for model in store.client.search_registered_models()}
    if not known or (name and name not in known):
        known |= {run.data.tags[MODEL_NAME] for run in _runs(store) if MODEL_NAME in run.data.tags}
    if name in known:
        return name
    if not name and len(known) == 1:
        return known.pop()
    there = f"registered are {sorted(known)}" if known else "none is registered yet"
    if name:
        raise InputError(f"{store.uri} has no registered model {name!r}; {there}")
    raise InputError(f"which model of {store.uri} is meant? Name it in --model; {there}")


def document(store: Store, reference: Reference, name: str) -> dict[str, Any]:
    """Reads one JSON object of an artifact and fetches nothing else of it.

    It isn't checked: the digest is that of the whole artifact.

    Raises:
        ArtifactError: the file is gone, or isn't a JSON object.
    """
    from mlflow.exceptions import MlflowException

    path = f"{reference.path}/{name}" if reference.path else name
    try:
        root = local_path(store.client.get_run(reference.run_id).info.artifact_uri)
        if root is None:
            root = store.workspace / "downloads" / "documents" / reference.run_id
            _fetch(store, reference.run_id, path, inside(root, path))
        return read_object(root, path)
    except (MlflowException, StoreError, ArtifactError, OSError) as error:
        raise ArtifactError(f"{path} of run {reference.run_id} can't be read: {error}") from None


@dataclass(frozen=True)
class _Registry:
    by_run: Mapping[str, Any]
    aliases: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Run:
    """A pipeline run with the runs of its nodes."""

    run: Any
    nodes: Mapping[str, Any]
    registry: _Registry

    @property
    def id(self) -> str:
        return str(self.run.info.run_id)

    @property
    def date(self) -> str:
        text = str(self.run.data.tags.get("data_date", ""))
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            return ""

    @property
    def version(self) -> Any | None:
        """The version that was registered in this run, or found registered by it."""
        made = self.reference("register")
        return None if made is None else self.registry.by_run.get(made.run_id)

    @property
    def counts(self) -> bool:
        """Whether it is a day's run: one that ended well before registering only looked."""
        return self.version is not None or self.run.info.status != "FINISHED"

    @property
    def order(self) -> tuple[str, int]:
        return self.date, self.run.info.start_time

    def reference(self, node: str) -> Reference | None:
        """Where the node's artifact is; that of a failed node isn't filed under a digest."""
        run = self.nodes.get(node)
        if run is None:
            return None
        text = run.data.tags.get(_REFERENCE)
        if text:
            return Reference.parse(text)
        kept = node == "validate" and run.info.status == "FAILED"
        return Reference(run.info.run_id, _DOCUMENTS[node][1], "") if kept else None

    @property
    def failure(self) -> str:
        if self.run.info.status == "FINISHED":
            return ""
        return next(
            (said for run in self.nodes.values() if (said := run.data.tags.get(_FAILURE))), ""
        )


def _choose(runs: list[_Run]) -> _Run:
    """Picks the run that made the date's latest version: later ones found it made.

    One that was killed after it had made it comes behind the run that went on.
    """
    finished = [run for run in runs if run.version is not None]
    if not finished:
        return max(runs, key=lambda run: run.order)
    latest = max(int(run.version.version) for run in finished if run.version is not None)
    made = [run for run in finished if run.version and int(run.version.version) == latest]
    return min(made, key=lambda run: (run.run.info.status != "FINISHED", run.order))


def _day(store: Store, run: _Run, registry: _Registry) -> Day:
    info, tags, version = run.run.info, run.run.data.tags, run.version
    found, unread = _measured(store, run)
    number = "" if version is None else str(version.version)
    return Day(
        date=run.date,
        run_id=run.id,
        status=_STATUS.get(info.status, "running"),
        seconds=_seconds(info),
        failure=run.failure or unread,
        version=number,
        aliases=registry.aliases.get(number, ()),
        late=json.loads(tags.get(LATE, "{}")),
        config=tags.get("config_digest", ""),
        **found,
    )


def _seconds(info: Any) -> float | None:
    """How long a run took; None while it runs, and where the clock was set back meanwhile."""
    if not info.end_time or info.end_time < info.start_time:
        return None
    return float(info.end_time - info.start_time) / 1000


def _measured(store: Store, run: _Run) -> tuple[dict[str, Any], str]:
    """Returns the fields of the day that its nodes' artifacts give, and what can't be read."""
    found, unread = {}, ""
    for node, (name, _, argument) in _DOCUMENTS.items():
        reference = run.reference(node)
        if reference is None:
            continue
        try:
            content = document(store, reference, name)
            found[argument] = content["gate"] if node == "register" else content
        except (ArtifactError, KeyError) as error:
            unread = str(error)
    try:
        return measured(**found), unread
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return {}, f"what run {run.id} left isn't as expected: {error!r}"


def _children(store: Store) -> dict[str, dict[str, Any]]:
    """The last run of each node that tells something, by pipeline run."""
    conditions = [f"tags.`{NODE}` = '{node}'" for node in _DOCUMENTS]
    children: dict[str, dict[str, Any]] = {}
    for condition in (*conditions, f"tags.`{_FAILURE}` != ''"):
        for run in last_first(store.search(condition)):
            of_parent = children.setdefault(run.data.tags.get(_PARENT, ""), {})
            of_parent.setdefault(run.data.tags[NODE], run)
    return children


def _read_registry(store: Store, name: str, children: Mapping[str, Mapping[str, Any]]) -> _Registry:
    """The versions by the run that made each, and by those that found it made by a killed one."""
    with store_errors(f"versions of the model {name!r} can't be read"):
        versions = list(store.client.search_model_versions(f"name = '{name}'"))
        aliases = store.client.get_registered_model(name).aliases if versions else {}
    by_version: dict[str, tuple[str, ...]] = {}
    for alias, version in sorted(aliases.items()):
        by_version[str(version)] = (*by_version.get(str(version), ()), alias)
    by_key = {version.tags[KEY]: version for version in versions if KEY in version.tags}
    registering = [nodes["register"] for nodes in children.values() if "register" in nodes]
    keys = {run.info.run_id: run.data.tags.get(KEY) for run in registering}
    found = {run_id: by_key[key] for run_id, key in keys.items() if key in by_key}
    made = {version.run_id: version for version in versions}
    return _Registry(found | made, by_version)


def _runs(store: Store) -> list[Any]:
    """Runs of pipelines that register a model, the latest first."""
    runs = store.search(f"tags.`{WORKSPACE}` != ''")
    others = ("comparison", "validation")
    return [run for run in runs if run.data.tags.get(PIPELINE, "training") not in others]


def _fetch(store: Store, run_id: str, path: str, target: Path) -> None:
    """Fetches one file once: what a finished run left doesn't change."""
    if target.is_file():
        return
    with (
        tempfile.TemporaryDirectory(dir=store.workspace) as scratch,
        store_errors(f"{path} of run {run_id} can't be fetched"),
        file_aside(target) as partial,
    ):
        shutil.copyfile(store.client.download_artifacts(run_id, path, scratch), partial)
