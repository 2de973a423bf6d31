"""Components at work in processes of their own, as many as asked for, on one machine."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, cast

from components.lifeline import RUNNER
from lt4rec_core.errors import LT4RECError
from pipelines.stream import ComponentStream


@dataclass(frozen=True)
class Job:
    """One call of a component or function: its node's name, `module:name`, its arguments."""

    node: str
    place: str
    arguments: Mapping[str, Any]

    def run(self) -> Any:
        """Calls it in this process and returns its output."""
        return self.function(**self.arguments)

    @property
    def function(self) -> Callable[..., Any]:
        """What is called: a function, or that of a KFP component."""
        module, _, name = self.place.partition(":")
        found: Any = getattr(importlib.import_module(module), name)
        return cast("Callable[..., Any]", getattr(found, "python_func", found))


class ComponentFailedError(LT4RECError):
    """A component stopped; the message has the last lines of its output."""


Finished = Callable[[str, Any], None]
Show = Callable[[str], None]


def run_jobs(jobs: Sequence[Job], processes: int, show: Show, finished: Finished) -> None:
    """Runs all jobs, `processes` of them beside each other; 1 runs them in this process.

    Args:
        jobs: in the order in which they are begun.
        processes: how many at a time.
        show: takes the components' lines of progress.
        finished: is told each node's name and output as soon as it's done.

    Raises:
        ComponentFailedError: a component stopped; the others were ended.
    """
    if processes == 1:
        for job in jobs:
            finished(job.node, _run_here(job, show))
        return
    with _workers(min(processes, len(jobs))) as workers:
        _hand_out(jobs, workers, show, finished)


def _run_here(job: Job, show: Show) -> Any:
    stream = ComponentStream(show)
    try:
        with stream.capturing(), contextlib.redirect_stderr(stream):
            return job.run()
    except (SystemExit, Exception) as error:
        otherwise = f"step {job.node} stopped: {type(error).__name__}: {error}"
        raise ComponentFailedError(stream.tail(None, otherwise)) from error


def _hand_out(
    jobs: Sequence[Job],
    workers: Mapping[Connection, SpawnProcess],
    show: Show,
    finished: Finished,
) -> None:
    waiting = deque(jobs)
    busy: dict[Connection, Job] = {}
    for connection in workers:
        _give(connection, waiting, busy)
    while busy:
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101 (nothing else is waited for)
            job = busy[ready]
            try:
                kind, said = ready.recv()
            except (EOFError, OSError):
                raise ComponentFailedError(
                    f"the process of step {job.node} is gone: it was killed, perhaps for want of "
                    "memory; run again with fewer processes, finished steps are kept"
                ) from None
            if kind == "line":
                show(said)
            elif kind == "failed":
                raise ComponentFailedError(said)
            else:
                del busy[ready]
                finished(job.node, said)
                _give(ready, waiting, busy)


def _give(connection: Connection, waiting: deque[Job], busy: dict[Connection, Job]) -> None:
    if waiting:
        busy[connection] = waiting.popleft()
        connection.send(busy[connection])


@contextlib.contextmanager
def _workers(number: int) -> Iterator[dict[Connection, SpawnProcess]]:
    context = multiprocessing.get_context("spawn")
    workers: dict[Connection, SpawnProcess] = {}
    try:
        for _ in range(number):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, os.getpid()), daemon=True)
            process.start()
            theirs.close()
            workers[ours] = process
        yield workers
    finally:
        for connection, process in workers.items():
            process.terminate()
            process.join()
            connection.close()


def _work(connection: Connection, runner: int) -> None:
    """Runs jobs until this process is ended; it ends with the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends us
    os.environ[RUNNER] = str(runner)
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        try:
            output = _run_here(job, lambda line: connection.send(("line", line)))
            connection.send(("done", output))
        except ComponentFailedError as error:
            connection.send(("failed", str(error)))
