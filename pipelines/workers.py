"""Components at work in processes of their own, as many as asked for, on one machine.

Jobs and what comes of them go through pipes as lines of JSON.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    heard: _Heard = queue.SimpleQueue()
    with _workers(min(processes, len(jobs)), heard) as workers:
        _hand_out(jobs, workers, heard, show, finished)


def _run_here(job: Job, show: Show) -> Any:
    stream = ComponentStream(show)
    try:
        with stream.capturing(), contextlib.redirect_stderr(stream):
            return job.run()
    except (SystemExit, Exception) as error:
        otherwise = f"step {job.node} stopped: {type(error).__name__}: {error}"
        raise ComponentFailedError(stream.tail(None, otherwise)) from error


class _Worker:
    """A process that does one job after the other; what it says, and its end, are `heard`."""

    def __init__(self, heard: _Heard) -> None:
        changes = {
            RUNNER: str(os.getpid()),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONSAFEPATH": "1",  # a folder `components` where the user stands isn't ours
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **changes},
        )
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    def give(self, job: Job) -> None:
        """Hands it a job; one that is gone is heard of as every other that ends."""
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(dataclasses.asdict(job)), file=self._process.stdin, flush=True)

    def end(self) -> None:
        """Ends it, and waits until it has left."""
        self._process.terminate()
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):  # of a job that it never took
                assert pipe is not None  # noqa: S101
                pipe.close()

    def _listen(self, heard: _Heard) -> None:
        for line in self._process.stdout or ():
            heard.put((self, line))
        heard.put((self, ""))


_Heard = queue.SimpleQueue[tuple[_Worker, str]]


@contextlib.contextmanager
def _workers(number: int, heard: _Heard) -> Iterator[Sequence[_Worker]]:
    workers: list[_Worker] = []
    try:
        for _ in range(number):
            workers.append(_Worker(heard))
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _hand_out(
    jobs: Sequence[Job],
    workers: Sequence[_Worker],
    heard: _Heard,
    show: Show,
    finished: Finished,
) -> None:
    waiting = deque(jobs)
    busy: dict[_Worker, Job] = {}

    def give(worker: _Worker) -> None:
        if waiting:
            busy[worker] = waiting.popleft()
            worker.give(busy[worker])

    for worker in workers:
        give(worker)
    while busy:
        worker, line = heard.get()
        if worker not in busy:
            continue
        kind, said = json.loads(line) if line.endswith("\n") else ("gone", "")
        if kind == "line":
            show(said)
        elif kind == "done":
            finished(busy.pop(worker).node, said)
            give(worker)
        elif kind == "failed":
            raise ComponentFailedError(said)
        else:
            raise ComponentFailedError(
                f"the process of step {busy[worker].node} is gone: it was killed, perhaps for want "
                "of memory; run again with fewer processes, finished steps are kept"
            )


def serve() -> None:
    """Does the jobs that come, until there are no more or this process is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner hears it too, and ends us
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries write there is no answer

    def say(kind: str, said: Any) -> None:
        print(json.dumps([kind, said]), file=answers, flush=True)

    for line in sys.stdin:
        job = Job(**json.loads(line))
        try:
            say("done", _run_here(job, lambda told: say("line", told)))
        except ComponentFailedError as error:
            say("failed", str(error))


if __name__ == "__main__":
    serve()
