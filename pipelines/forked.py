"""KFP's local components as forks of one process that has imported the libraries.

KFP's local runner starts a new Python for every component, and each of them imports torch,
polars and MLflow anew: seconds a node, a third of a short run. Here a server imports them
once; each component is a fork of it, a process of its own as before, with its own end.
What ingest needs is imported while the runner opens its store and imports KFP, the rest
whenever the server would wait: for a job, or for a component to end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypedDict
from unittest import mock

_EXECUTOR = "kfp.dsl.executor_main"
_MODULE = "ephemeral_component.py"  # as KFP calls a component's code; its script writes it
# What takes long to import. None starts threads or opens files by being imported, so that
# forks of it are as good as new processes.
_FIRST = (
    _EXECUTOR,
    "components.dataset_step",
    "lt4rec_core.stages.ingest",
    "mlflow.store.tracking.sqlalchemy_store",
)
# In the order in which the DAG needs them, and in small portions: a job that arrives, or a
# component's end, waits until one is imported. A component imports what is still to come itself.
_LATER = (
    "scipy.stats",  # great_expectations imports it
    "great_expectations",
    "great_expectations.render.renderer.site_builder",
    "torch",
    "components.training",
    "sympy",  # torch._dynamo imports it
    "torch._dynamo",
    "torch._inductor.config",  # whoever asks torch for deterministic kernels imports it
    "lt4rec_core.stages.evaluate",
    "matplotlib.figure",
    "matplotlib.backends.backend_svg",
    "mlflow.pyfunc",
)


class _Job(TypedDict):
    """A component to run: its code, the executor's arguments, and what ends its output."""

    code: str
    arguments: list[str]
    environment: dict[str, str]
    end: str


class ForkServer:
    """Starts components by forking; made by `fork_server`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.busy = False

    @contextmanager
    def runs_components(self) -> Iterator[None]:
        """Lets KFP's local runner fork its components for as long as the context lasts."""
        from kfp.local import subprocess_task_handler

        with mock.patch.object(subprocess_task_handler, "run_local_subprocess", self.run):
            yield

    def run(self, full_command: Sequence[str], env_vars: Mapping[str, str] | None = None) -> int:
        """Runs a component as KFP's `run_local_subprocess` does: prints what it prints.

        The component has this process's variables as they are now, as a new process would.

        Args:
            full_command: a lightweight Python component's: a shell, its script, which ends in
                running the component's module, the module's code, the executor's arguments.
            env_vars: variables to set for it, besides this process's.

        Returns:
            The exit code, below 0 for a signal, 1 where the server itself was ended.
        """
        script = next(place for place, part in enumerate(full_command) if _MODULE in part)
        code, *arguments = full_command[script + 1 :]
        end = uuid.uuid4().hex
        environment = {**os.environ, **(env_vars or {})}
        job = _Job(code=code, arguments=arguments, environment=environment, end=end)
        self.busy = True
        requests, output = self._process.stdin, self._process.stdout
        assert requests is not None and output is not None  # noqa: S101
        try:
            print(json.dumps(job), file=requests, flush=True)
        except BrokenPipeError:
            return 1
        for line in output:
            text, ended, exit_code = line.partition(job["end"])
            print(text, end="")  # noqa: T201
            if ended:
                self.busy = False
                print("\n")  # noqa: T201
                return int(exit_code)
        return 1


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """Starts a server, which begins to import at once and ends with the context."""
    command = [sys.executable, "-m", "pipelines.forked"]
    with subprocess.Popen(  # noqa: S603 (this Python and a module of ours)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        errors="backslashreplace",
    ) as process:
        server = ForkServer(process)
        try:
            yield server
        finally:
            if server.busy:  # interrupted: it ends when nothing more can come
                assert process.stdin is not None  # noqa: S101
                with suppress(BrokenPipeError):  # it is gone already
                    process.stdin.close()
            else:
                process.kill()  # its imports, and taking them apart, take seconds


def serve(requests: IO[str]) -> None:
    """Forks a process for every job, a line of JSON each, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner's interrupt ends us, by its pipe
    gc.disable()  # what is imported stays: searching it for cycles is a tenth of the time
    for name in _FIRST:
        importlib.import_module(name)
    later = iter(_LATER)
    while True:
        while not select.select([requests], [], [], 0)[0] and _import_next(later):
            pass
        line = requests.readline()
        if not line:
            return
        _run(json.loads(line), later)


def _run(job: _Job, later: Iterator[str]) -> None:
    """Runs a component in a fork, and says how it ended."""
    sys.stdout.flush()
    gc.freeze()  # nor do the forks search it, which would copy its memory
    child = os.fork()
    if child == 0:
        gc.enable()
        os._exit(_execute(job))
    ended, status = 0, 0
    while not ended:
        ended, status = os.waitpid(child, os.WNOHANG if _import_next(later) else 0)
    print(f"{job['end']}{os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201


def _import_next(names: Iterator[str]) -> bool:
    """Imports one of them; returns whether there was one left."""
    name = next(names, None)
    if name is not None:
        importlib.import_module(name)
    return name is not None


def _execute(job: _Job) -> int:
    """Runs a component in this process and returns its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(job["environment"], _KFP_RUNTIME="true")
    tempfile.tempdir = None  # TMPDIR counts, not what an import found in its place
    code = 1
    try:
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)  # further jobs are the server's to read
        with tempfile.TemporaryDirectory() as folder:
            module = Path(folder, _MODULE)
            module.write_text(job["code"], encoding="utf-8")
            sys.argv = [_EXECUTOR, "--component_module_path", str(module), *job["arguments"]]
            importlib.import_module(_EXECUTOR).executor_main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)  # noqa: T201 (as Python itself does)
    except BaseException:  # noqa: BLE001 (nothing may unwind into the server's loop)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(sys.stdin)
