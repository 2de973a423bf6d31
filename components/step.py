"""One DAG node at work: finds a result to reuse, or makes one that can be reused.

A component's body stays thin because everything that all of them do is here: lock,
look for the result, record the run, keep state for a kill, store the artifact, report
a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components import store as mlflow_store
from components.digests import stage_settings, step_key
from components.failures import Failure, write_failure
from components.injected import injected_run
from components.lifeline import RUNNER, die_with_runner
from components.locks import locked
from components.pipeline_run import KFP_RUN
from components.reference import Reference
from components.retries import note_if_final, stop_if_final
from components.run_context import RunContext
from components.store import Store, open_store
from components.tracker import MlflowTracker
from lt4rec_core.comparison.worlds import settings_in
from lt4rec_core.config import Config, digest, from_mapping, resources_of
from lt4rec_core.data.atomic import is_disk_full
from lt4rec_core.errors import ArtifactError, LT4RECError, OutOfMemoryError, StoreError
from lt4rec_core.memory import is_out_of_memory, out_of_memory


class Step:
    """What a component works with; made by `open_step`.

    Attributes:
        config: the run's settings.
        store: the open MLflow store.
        context: which pipeline run this belongs to.
        state: folder for the stage's resumable state.
        target: where the stage puts its finished artifact.
        tracker: takes the stage's metrics and progress.
        needed: whether the stage has to run; False if its result was found.
        reference: the result's reference, for the next nodes; set when the step is over.
    """

    def __init__(
        self, node: str, config: Config, store: Store, context: RunContext, task: str = ""
    ) -> None:
        stage = node.removesuffix(f"-{task}") if task else node
        self.node = context.name(node)
        self.stage = stage.replace("-", "_")
        self.task = task
        self.config = config
        self.store = store
        self.context = context
        self.reference = ""
        self.needed = True
        self.made = False
        self.inputs: dict[str, str] = {}

    def prepare(self, inputs: Mapping[str, str], extra: str) -> None:
        """Sets the key and the folders that follow from it."""
        self.inputs = {role: Reference.parse(text).digest for role, text in inputs.items()}
        attempt = self.context.attempt
        self.key = self.name_result(f"{extra}/{attempt}" if attempt else extra)
        self.room = self.context.workspace / "state" / f"{self.stage}-{self.key[:16]}"
        self.state = self.room / "state"
        self.target = self.room / "artifact"

    def settings(self) -> dict[str, Any]:
        """Returns the settings that the result depends on, as plain JSON values."""
        return stage_settings(self.config, self.stage)

    def name_result(self, extra: str) -> str:
        """Returns the key of the result: equal keys mean equal results."""
        return step_key(self.stage, self.task, self.config, self.inputs, extra)

    def folder(self, reference: str) -> Path:
        """Returns the verified local folder of an input artifact."""
        return self.store.folder(Reference.parse(reference))

    def begin(self) -> None:
        """Starts the MLflow run; finds the result if it was made before."""
        self._started = time.monotonic()
        store, tags = self.store, self.context.tags | {"stage": self.stage}
        store_dead = f"attributes.status = 'RUNNING' and tags.`{mlflow_store.KEY}` = '{self.key}'"
        # We hold the lock of this key, so nobody is at work on these any more.
        mlflow_store.end_dead(store, store.search(store_dead))
        tags["config_digest"] = digest(self.config)
        found = self._find()
        if found is None:
            tags[mlflow_store.KEY] = self.key
        else:  # what is left of a run killed between storing and clearing up
            shutil.rmtree(self.room, ignore_errors=True)
        store.resume(self.context.run_id)
        self.run_id = self._start(tags)
        self.room.mkdir(parents=True, exist_ok=True)
        self.tracker = MlflowTracker(
            store.client, self.run_id, self.node, self.room / "metrics.jsonl"
        )
        store.log_params(self.run_id, dict(_flat(self.settings())))
        if found is not None:
            self.needed, self.reference = False, str(found)
            self.tracker.progress(f"skipped: nothing changed since run {found.run_id}")
            return
        self.needed = not self.is_made()
        self.tracker.progress("started" if self.needed else "was made before, and is stored now")

    def _start(self, tags: Mapping[str, str]) -> str:
        injected = injected_run(self.store)
        if injected and injected.data.tags.get(mlflow_store.PARENT) == self.context.run_id:
            return self.store.take_over(str(injected.info.run_id), self.node, tags)
        return self.store.start_child(self.context.run_id, self.node, tags)

    def is_made(self) -> bool:
        """Whether a killed run left the finished artifact, and only storing it is missing."""
        return self.target.exists()

    def conclude(self) -> None:
        """Stores the artifact, so that what follows in the component can refer to it."""
        if not self.reference:
            self.reference = str(self.file_artifact())
            self.made = True

    def finish(self) -> None:
        """Stores the artifact, ends the run as FINISHED, and drops the state."""
        self.conclude()
        store, seconds = self.store, time.monotonic() - self._started
        found = Reference.parse(self.reference)
        tags = {mlflow_store.DIGEST: found.digest, mlflow_store.PATH: found.path}
        tags |= {mlflow_store.KEY: self.key} if self.made else {mlflow_store.REUSED: found.run_id}
        tags |= {"lt4rec.inputs": json.dumps(self.inputs), "lt4rec.reference": self.reference}
        self.tracker.log_metrics({mlflow_store.SECONDS: seconds}, 0)
        self.tracker.flush()
        store.set_tags(self.run_id, tags)
        store.end(self.run_id, "FINISHED")
        shutil.rmtree(self.room, ignore_errors=True)
        self.tracker.progress(f"finished in {seconds:.1f} s")

    def file_artifact(self) -> Reference:
        """Puts the stage's artifact into the store."""
        return self.store.log_folder(self.run_id, self.target, self.stage)

    def check(self, reference: Reference) -> None:
        """Raises ArtifactError unless a result found is still there and still what it was."""
        self.store.folder(reference)

    def _find(self) -> Reference | None:
        if not self._may_reuse():
            return None
        for _, reference in self.store.finished(self.key):
            try:
                self.check(reference)
            except ArtifactError as error:
                print(f"[{self.node}] runs again: {error}", flush=True)  # noqa: T201
            else:
                return reference
        return None

    def _may_reuse(self) -> bool:
        if self.stage == "single_task" and not self.config.single_task.reuse:
            return False
        on_cluster = KFP_RUN in os.environ
        return not on_cluster or resources_of(self.node, self.config.cluster).caching


@contextmanager
def open_step(
    node: str,
    config: str,
    run: str,
    inputs: Mapping[str, str],
    *,
    task: str = "",
    extra: Callable[[Step], str] = lambda _: "",
    change: Callable[[Config], Config] = lambda config: config,
    kind: type[Step] = Step,
) -> Iterator[Step]:
    """Gives the step of a DAG node; on leaving, its artifact is stored or its failure told.

    Args:
        node: name of the node in the DAG, `<stage>` or `<stage>-<task>`, but for its world.
        config: the run's whole configuration as JSON.
        run: the RunContext as JSON.
        inputs: references of the input artifacts by role.
        task: the task the node is for.
        extra: what the result depends on besides settings, code and inputs.
        change: makes the step's own settings of the run's, or the world's.
        kind: Step, or a stage's own variant of it.

    Raises:
        SystemExit: the step failed; its message is in the workspace's failures.
    """
    die_with_runner()
    context = RunContext.parse(run)
    name = context.name(node)
    stop_if_final(context, name)
    step: Step | None = None
    try:
        settings = change(settings_in(from_mapping(json.loads(config)), context.world))
        step = kind(node, settings, open_store(settings.tracking, context.workspace), context, task)
        step.prepare(inputs, extra(step))
        waits = f"[{name}] waits: another run is at work on this step"
        lock = context.workspace / "locks" / step.room.name
        with locked(lock, lambda: print(waits, flush=True)):  # noqa: T201
            step.begin()
            yield step
            step.finish()
    except LT4RECError as error:
        _fail(step, context, Failure(name, type(error).__name__, str(error), error.exit_code))
        print(f"[{name}] {error}", file=sys.stderr, flush=True)  # noqa: T201
        sys.exit(error.exit_code)
    except BaseException as error:
        if is_disk_full(error):
            message = f"the disk took no more ({error}): make room and run again"
            _fail(step, context, Failure(name, StoreError.__name__, message))
            raise
        if is_out_of_memory(error):
            message = out_of_memory(error)
            _fail(step, context, Failure(name, OutOfMemoryError.__name__, message))
            raise
        _fail(step, context, Failure(name, type(error).__name__, str(error)))
        raise


def _fail(step: Step | None, context: RunContext, failure: Failure) -> None:
    write_failure(context.workspace, context.run_id, failure)
    if step is None:
        return
    note_if_final(context, failure, step.config)
    try:
        run_id = getattr(step, "run_id", None)
        if run_id is not None:
            step.tracker.flush()
            step.store.set_tags(run_id, {"lt4rec.failure": failure.message})
            step.store.end(run_id, "FAILED")
        if context.run_id and RUNNER not in os.environ:  # a local runner ends its run itself
            step.store.end(context.run_id, "FAILED")
    except LT4RECError as error:  # the store may be what failed
        print(f"[{failure.stage}] {error}", file=sys.stderr, flush=True)  # noqa: T201


def _flat(settings: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(settings, list) and all(isinstance(v, Mapping) for v in settings) and settings:
        for position, value in enumerate(settings):
            yield from _flat(value, f"{prefix}.{value.get('name', position)}")
    else:
        yield prefix, str(settings)
