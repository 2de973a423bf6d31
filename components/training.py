"""Runs a training stage: in this process, in several of this machine, or in a TrainJob."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.failures import read_failure
from components.lifeline import RUNNER
from components.order import Order, find_stage, place
from components.pipeline_run import KFP_RUN
from components.step import Step
from components.train_job import train_job
from components.worker import NAME
from lt4rec_core.errors import WorkerError
from lt4rec_core.tracking import Tracker

_PAUSE = 0.2  # seconds between two looks at what the processes have to say

Ended = Callable[[], bool | None]
"""Says whether a job ended well; None while it's at work."""


def train(step: Step, **inputs: Any) -> None:
    """Calls the step's stage with `inputs`, its other arguments by name.

    Raises:
        WorkerError: one of several processes is gone; the next run goes on.
        LT4RECError: of the class that the stage raised.
    """
    config = step.config
    nodes = config.cluster.train_job.nodes if KFP_RUN in os.environ else 0
    if config.processes == 1 and not nodes:
        own = {"state": step.state, "target": step.target, "tracker": step.tracker}
        find_stage(step.stage)(config=config, **own, **inputs)
        return
    folder = step.room / "order"
    shutil.rmtree(folder, ignore_errors=True)
    order = place(folder, step.stage, config, step.state, step.target, inputs)
    name = f"lt4rec-{step.key[:16]}"
    job = train_job(order, name, step.node) if nodes else torchrun(order, config.processes)
    _see_through(order, job, step.tracker)


@contextlib.contextmanager
def torchrun(order: Order, processes: int) -> Iterator[Ended]:
    """Starts the order's processes on this machine; they end with this one, and with the block."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "components.worker", str(order.file)]
    # One thread unless said otherwise, as torchrun has it; each process sets its own.
    environment = {"OMP_NUM_THREADS": "1", **os.environ, RUNNER: str(os.getpid())}
    with (order.folder / "torchrun.log").open("wb") as log:
        # A fixed command without a shell.
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        yield lambda: None if process.poll() is None else process.returncode == 0
    finally:
        if process.poll() is None:
            process.terminate()  # and each of its processes, which save their state
        process.wait()


def _see_through(
    order: Order, job: contextlib.AbstractContextManager[Ended], tracker: Tracker
) -> None:
    """Waits for the end of a job, and passes on what it tells meanwhile."""
    from lt4rec_core.training.preemption import preemption

    told = 0
    with preemption() as leaving, job as ended:
        while (well := ended()) is None and not leaving.asked:
            told = _pass_on(order.journal, told, tracker)
            time.sleep(_PAUSE)
    _pass_on(order.journal, told, tracker)
    if not well:
        failure = read_failure(order.folder, NAME)
        raise (failure and failure.error()) or WorkerError(
            f"the processes of {order.stage} stopped without a word: they were killed, perhaps for "
            "want of memory; run again, training goes on from its last saved state (what they "
            f"printed is in {order.folder})"
        )


def _pass_on(journal: Path, told: int, tracker: Tracker) -> int:
    """Hands the whole lines after the first `told` bytes to the tracker; returns the new count."""
    try:
        with journal.open("rb") as file:
            file.seek(told)
            new = file.read()
    except FileNotFoundError:
        return told
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.splitlines():
        said = json.loads(line)
        if "progress" in said:
            tracker.progress(said["progress"])
        else:
            tracker.log_metrics(said["metrics"], said["step"])
    return told + len(whole)
