"""Runs the training DAG on this machine, with KFP's local runner."""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from components.failures import read_failure
from components.lifeline import RUNNER
from components.pipeline_run import end_all, end_killed, held, new_parent, scratch_folder
from components.store import open_store
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.errors import LT4RECError, StoreError
from pipelines.forked import ForkServer, fork_server
from pipelines.stream import ComponentStream
from pipelines.summary import summarize


def to_stderr(line: str) -> None:
    """Shows a line of progress where it doesn't mix with results."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def run_training(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    *,
    git_commit: str = "",
    show: Callable[[str], None] = to_stderr,
) -> dict[str, Any]:
    """Runs every step that isn't done yet, and returns the run's summary.

    Args:
        config: the run's settings.
        source: folder or `s3://` prefix of the raw logs.
        data_date: the test day, "" for a source without dates.
        workspace: folder of everything that is made; the only place written to.
        git_commit: commit of the code, "" if unknown.
        show: takes the progress, line by line, `[node] message`.

    Raises:
        LT4RECError: of the class that the failing step raised.
    """
    place = workspace.expanduser().resolve()
    with _variables(_inherited(place)), fork_server() as server:
        from lt4rec_core.preflight import check_date, check_prunable, check_ready

        check_ready(config)
        check_prunable(config)
        check_date(config, data_date)
        _make(place)
        store = open_store(config.tracking, place)
        end_killed(store)
        with held(place) as lock:
            parent = new_parent(store, config, source, data_date, git_commit, lock)
            arguments = {
                "config": json.dumps(to_mapping(config)),
                "source": source if "://" in source else str(Path(source).expanduser().resolve()),
                "data_date": data_date,
                "workspace": str(place),
                "parent_run_id": parent,
                "git_commit": git_commit,
            }
            stream = ComponentStream(show)
            try:
                _run_pipeline(config, arguments, place, stream, server)
            except Exception as error:
                with suppress(StoreError):  # the store may be what failed
                    store.end(parent, "FAILED")
                failure = read_failure(place, parent)
                foreseen = failure.error() if failure else None
                if foreseen is not None:
                    raise foreseen from None
                raise LT4RECError(stream.tail(failure, str(error))) from error
            except BaseException:  # interrupted by the user
                with suppress(StoreError):
                    end_all(store, parent)
                raise
            return summarize(store, parent, data_date)


def _run_pipeline(
    config: Config,
    arguments: dict[str, str],
    workspace: Path,
    stream: ComponentStream,
    server: ForkServer,
) -> None:
    from kfp import local

    from pipelines.training import training_pipeline

    scratch = scratch_folder(workspace, arguments["parent_run_id"])
    temporary = scratch / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    try:
        with (
            _variables({"TMPDIR": str(temporary)}),
            stream.capturing(),
            warnings.catch_warnings(),
        ):
            # It warns that an image without "python" in its name may be no Python image.
            warnings.filterwarnings("ignore", "You may be attemping to run", RuntimeWarning)
            # It says of every node that resources and retries are for clusters only.
            warnings.filterwarnings("ignore", ".*have no effect in the current local", UserWarning)
            local.init(
                local.SubprocessRunner(use_venv=False),
                pipeline_root=str(scratch / "outputs"),
                workspace_root=str(scratch / "kfp"),
                enable_caching=False,
            )
            with server.runs_components():
                training_pipeline(config)(**arguments)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _inherited(workspace: Path) -> dict[str, str]:
    """What the components' processes inherit: this code, and our process id."""
    project = str(Path(__file__).resolve().parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {
        RUNNER: str(os.getpid()),
        "PYTHONPATH": f"{project}{os.pathsep}{path}" if path else project,
        # Waiting threads sleep. Spinning ones made a step 6 to 11 times slower on two cores
        # that other processes used too (0.26 to 0.46 s against 0.04 s).
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        "PYTHONSAFEPATH": "1",  # a folder `components` where the user stands isn't ours
        # Nothing is compiled, but torch makes this folder by being imported.
        "TORCHINDUCTOR_CACHE_DIR": os.environ.get(
            "TORCHINDUCTOR_CACHE_DIR", str(workspace / "cache" / "torchinductor")
        ),
    }


@contextmanager
def _variables(changes: Mapping[str, str]) -> Iterator[None]:
    """Sets variables of this process for as long as the context lasts."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _make(workspace: Path) -> None:
    try:
        workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the workspace {workspace} can't be made ({error.strerror}); name a folder that can "
            "be written in --workspace"
        ) from error
