"""The MLflow store: runs, artifacts by reference, and the search for results to reuse."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.digests import tree_digest
from components.reference import Reference
from components.store_check import check_artifacts, check_home, check_uri, database_uri
from lt4rec_core.artifact import inside
from lt4rec_core.config import Tracking
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.errors import ArtifactError, StoreError

KEY, DIGEST, PATH = "lt4rec.key", "lt4rec.digest", "lt4rec.artifact"
NODE, REUSED, WORKSPACE = "lt4rec.node", "lt4rec.reused_from", "lt4rec.workspace"
SECONDS = "seconds"
PARENT = "mlflow.parentRunId"
_PARAMS = 100  # MLflow takes so many parameters a call


@dataclass(frozen=True)
class Store:
    """An open store with its experiment; made by `open_store`."""

    client: Any
    uri: str
    experiment_id: str
    workspace: Path

    def start_parent(self, name: str, tags: Mapping[str, str]) -> str:
        """Starts the run of a whole pipeline and returns its id."""
        with store_errors("no run can be started"):
            run = self.client.create_run(
                self.experiment_id,
                tags={**tags, WORKSPACE: str(self.workspace)},
                run_name=name,
            )
            check_artifacts(run.info.artifact_uri)
        return _id_of(run)

    def start_child(self, parent: str, node: str, tags: Mapping[str, str]) -> str:
        """Starts the run of one DAG node below `parent` and returns its id."""
        with store_errors("no run can be started"):
            run = self.client.create_run(
                self.experiment_id, tags={**tags, NODE: node, PARENT: parent}, run_name=node
            )
        return _id_of(run)

    def take_over(self, run_id: str, node: str, tags: Mapping[str, str]) -> str:
        """Makes a run that Kubeflow started the run of a DAG node, whatever became of it before."""
        self.set_tags(run_id, {**tags, NODE: node})
        with store_errors("the run can't be taken over"):
            self.client.update_run(run_id, status="RUNNING")
        return run_id

    def log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Records parameters, in as few calls as MLflow takes."""
        from mlflow.entities import Param

        entries = [Param(name, value[:6000]) for name, value in params.items()]
        with store_errors("parameters can't be logged"):
            for start in range(0, len(entries), _PARAMS):
                self.client.log_batch(run_id, params=entries[start : start + _PARAMS])

    def log_dataset(self, run_id: str, name: str, digest: str, source: str, context: str) -> None:
        """Records the dataset that a run reads as an MLflow dataset input."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(name, digest[:36], "lt4rec", source)  # MLflow keeps 36 characters
        tags = [InputTag("mlflow.data.context", context)]
        with store_errors("the dataset can't be logged"):
            self.client.log_inputs(run_id, [DatasetInput(dataset, tags)])

    def log_folder(self, run_id: str, folder: Path, path: str) -> Reference:
        """Uploads a finished artifact's folder and returns the reference to it."""
        digest = tree_digest(folder)
        with store_errors(f"artifact {path!r} can't be stored"):
            self.client.log_artifacts(run_id, str(folder), path)
        return Reference(run_id, path, digest)

    def log_file(self, run_id: str, file: Path, path: str | None = None) -> None:
        """Uploads one file below `path`."""
        with store_errors(f"file {file.name!r} can't be stored"):
            self.client.log_artifact(run_id, str(file), path)

    def log_document(self, run_id: str, content: Mapping[str, Any], path: str) -> None:
        """Stores plain values as a JSON file of a run."""
        with store_errors(f"file {path!r} can't be stored"):
            self.client.log_dict(run_id, content, path)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run."""
        from mlflow.entities import RunTag

        with store_errors("tags can't be set"):
            self.client.log_batch(run_id, tags=[RunTag(k, v[:5000]) for k, v in tags.items()])

    def tags(self, run_id: str) -> dict[str, str]:
        """Returns the tags of a run."""
        with store_errors("tags can't be read"):
            return dict(self.client.get_run(run_id).data.tags)

    def end(self, run_id: str, status: str) -> None:
        """Ends a run as FINISHED, FAILED or KILLED."""
        with store_errors("the run can't be ended"):
            self.client.set_terminated(run_id, status)

    def resume(self, run_id: str) -> None:
        """Makes a run that a failed step ended RUNNING again: the step is tried once more."""
        with store_errors("the run can't be resumed"):
            if self.client.get_run(run_id).info.status == "FAILED":
                self.client.update_run(run_id, status="RUNNING")

    def children(self, parent: str) -> dict[str, Any]:
        """Returns the last run of each node below `parent`, by node name."""
        runs = last_first(self.search(f"tags.`{PARENT}` = '{parent}'"))
        return {run.data.tags[NODE]: run for run in reversed(runs) if NODE in run.data.tags}

    def metrics(self, run_id: str) -> dict[int, dict[str, float]]:
        """Returns all metrics of a run's stage, by step."""
        by_step: dict[int, dict[str, float]] = {}
        with store_errors("metrics can't be read"):
            names = sorted(set(self.client.get_run(run_id).data.metrics) - {SECONDS})
            for name in names:
                for entry in self.client.get_metric_history(run_id, name):
                    by_step.setdefault(entry.step, {})[name] = entry.value
        return by_step

    def search(self, condition: str, experiments: Sequence[str] = ()) -> list[Any]:
        """Returns the runs under the condition, the latest first; of this experiment by default."""
        found: list[Any] = []
        token = None
        with store_errors("runs can't be searched"):
            while token != "":  # MLflow gives a thousand at once
                page = self.client.search_runs(
                    experiments or [self.experiment_id],
                    condition,
                    order_by=["attributes.start_time DESC"],
                    page_token=token,
                )
                found += page
                token = page.token or ""
        return found

    def search_here(self, condition: str, experiments: Sequence[str] = ()) -> list[Any]:
        """Returns what `search` does, but of pipeline runs of this workspace alone.

        They are told apart here: a filter of MLflow takes no path with a quote in it.
        """
        found = self.search(f"{condition} and tags.`{WORKSPACE}` != ''", experiments)
        return [run for run in found if run.data.tags.get(WORKSPACE) == str(self.workspace)]

    def finished(self, key: str) -> Iterator[tuple[Any, Reference]]:
        """Yields finished runs of this key with what they made, the latest first."""
        for run in self.search(f"attributes.status = 'FINISHED' and tags.`{KEY}` = '{key}'"):
            tags = run.data.tags
            if PATH in tags and DIGEST in tags:
                yield run, Reference(run.info.run_id, tags[PATH], tags[DIGEST])

    def folder(self, reference: Reference) -> Path:
        """Returns a local folder with the artifact, checked against its digest.

        An artifact in the local file system is used where it lies; one from a server
        is fetched once into the workspace.

        Raises:
            ArtifactError: it is gone, or its content isn't what the reference says.
        """
        folder = self._locate(reference)
        found = tree_digest(folder)
        if found != reference.digest:
            raise ArtifactError(
                f"artifact {reference.uri} has digest {found[:12]}, expected "
                f"{reference.digest[:12]}: it was changed after it was made; run the pipeline again"
            )
        return folder

    def _locate(self, reference: Reference) -> Path:
        from mlflow.exceptions import MlflowException

        try:
            root = self.client.get_run(reference.run_id).info.artifact_uri
        except MlflowException as error:
            raise ArtifactError(f"artifact {reference.uri} is gone: {error}") from None
        local = local_path(root)
        if local is not None:
            folder = inside(local, reference.path)
            if not folder.is_dir():
                raise ArtifactError(f"artifact {reference.uri} is gone from {local}")
            return folder
        return self._download(reference)

    def _download(self, reference: Reference) -> Path:
        folder = self.workspace / "downloads" / reference.digest[:16]
        place = inside(folder, reference.path)
        if not folder.is_dir() or tree_digest(place) != reference.digest:
            with folder_aside(folder) as partial, store_errors(f"can't fetch {reference.uri}"):
                self.client.download_artifacts(reference.run_id, reference.path, str(partial))
        return place


def open_store(tracking: Tracking, workspace: Path) -> Store:
    """Opens the store that the configuration names, and its experiment.

    Raises:
        InputError: the workspace was moved or copied.
        StoreError: it can't be reached, read or written.
    """
    uri = tracking.uri or database_uri(workspace)
    check_uri(uri)
    client_of = _quiet_mlflow()

    root = tracking.artifact_root or ("" if tracking.uri else (workspace / "artifacts").as_uri())
    with store_errors(f"the tracking store {uri} can't be used"):
        client = client_of(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(tracking.experiment)
        if experiment and not (tracking.uri or tracking.artifact_root):
            check_home(client, experiment, WORKSPACE, workspace)
        identity = (
            experiment.experiment_id
            if experiment
            else client.create_experiment(tracking.experiment, root or None)
        )
    return Store(client, uri, str(identity), workspace)


def _id_of(run: Any) -> str:
    """Returns a new run's id, which names files; raises StoreError where it may lead elsewhere."""
    if not str(run.info.run_id).isalnum():
        raise StoreError(
            f"MLflow calls a new run {run.info.run_id!r}, expected letters and digits; look at "
            "what answers at tracking.uri"
        )
    return str(run.info.run_id)


def local_path(uri: str) -> Path | None:
    """Returns the path that a `file:` URI or a plain path means, or None for other stores."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None


def last_first(runs: Iterable[Any]) -> list[Any]:
    """Orders a node's runs, given the latest first, so that the last of them leads.

    That is the one that finished, for none is begun after it, whatever the clocks of the
    machines say; where none did, the latest one.
    """
    return sorted(runs, key=lambda run: run.info.status != "FINISHED")


def end_dead(store: Store, runs: Iterable[Any]) -> None:
    """Ends runs that a killed process left behind as RUNNING."""
    for run in runs:
        store.set_tags(run.info.run_id, {"lt4rec.ended": "found dead by a later run"})
        store.end(run.info.run_id, "KILLED")


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Turns the errors of MLflow, its database, S3 and the disk into StoreError."""
    try:
        yield
    except _failures() as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise StoreError(
            f"{what}: {reason}; check that the store is up, not locked by another process, "
            "writable, and that the disk has room"
        ) from error


def _failures() -> tuple[type[Exception], ...]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, Boto3Error, BotoCoreError, ClientError, OSError


def _quiet_mlflow() -> Any:
    """Imports MLflow without telemetry, progress bars and chatter; returns its client class."""
    import logging

    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient
