"""A training step against libraries for multi-task recommenders.

Shapes: B impressions, F fields, V values of a field at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.environment import Peer, Running, running
from benchmarks.interleave import Contestant, interleaved
from benchmarks.machine import bfloat16_instructions
from benchmarks.paper_size import TASK_NAMES, PaperSize, paper_size
from benchmarks.row import Bench, Row, Topic, row_of
from benchmarks.training_step import masked_step, padded
from lt4rec_core.training.memory import keep_freed_memory
from lt4rec_core.training.seeds import fix_threads

_BATCHES = 4
DEEPCTR = Peer("deepctr", ("torch", "deepctr-torch==0.3.0"), "train_deepctr.py")
RECHUB = Peer("rechub", ("torch", "torch-rechub==0.9.0"), "train_rechub.py")
PEERS = {
    "deepctr_shared_bottom": (DEEPCTR, "SharedBottom"),
    "deepctr_esmm": (DEEPCTR, "ESMM"),
    "rechub_shared_bottom": (RECHUB, "SharedBottom"),
    "rechub_mmoe": (RECHUB, "MMOE"),
}
_BOUND = (
    "our step is little more than its layers' products (see Training step), a quarter larger than "
    "theirs by the crossings, and a pass over the shared layers serves one task where theirs "
    "serves both"
)
_CASTS = (
    f"{_BOUND}; of bfloat16's products only the casts, embeddings and Adam are left over, and on "
    "some processors bfloat16 is the slower one (the limits there say so)"
)
_GOALS = {"float32": ">= 2.5", "bfloat16": ">= 4.5"}


def measure(bench: Bench) -> Iterator[Row]:
    """Yields how many times as many samples and tasks a second we train."""
    fix_threads(bench.threads)
    keep_freed_memory()
    size = paper_size(bench, _BATCHES)
    data = write(size, bench.folder / "batches.npz")
    precisions = ["float32", *(["bfloat16"] if bfloat16_instructions() else [])]
    turns: dict[str, Contestant] = {
        name: masked_step(size, bench, precision=name) for name in precisions
    }
    with ExitStack() as processes:
        for name, (peer, model) in PEERS.items():
            arguments = [model, str(data)]
            turns[name] = _step_of(processes.enter_context(running(peer, arguments, bench)))
        seconds = interleaved(bench, turns)
    for name in PEERS:
        rate = size.batch_size / seconds[name]
        yield row_of(f"training_peers.{name}_rate", rate, "samples/s", "", "both tasks of each")
        for precision in precisions:
            ratio = seconds[name] / len(TASK_NAMES) / seconds[precision]
            about = f"{precision}, a sample and task"
            goal = _GOALS[precision]
            yield row_of(f"training_peers.{name}_{precision}", ratio, "×", goal, about)


def _step_of(process: Running) -> Contestant:
    """Returns the peer as a contestant: a turn trains an epoch, a step is a share of it."""
    return lambda: process.turn() / _BATCHES


def write(size: PaperSize, path: Path) -> Path:
    """Writes the impressions as the peers' scripts read them."""
    ids_NFV, there_NFV = padded(size.samples, size.layout.field_offsets)
    # Peers pad with id 0, so theirs count from 1.
    shifted_NFV = (ids_NFV + 1) * there_NFV.bool()
    labels = {name: values.nan_to_num(0).numpy() for name, values in size.samples.labels.items()}
    np.savez(
        path,
        ids=shifted_NFV.numpy(),
        lengths=size.samples.lengths.numpy(),
        sizes=np.array([rows + 1 for _, rows in size.layout.tables]),
        hidden=np.array(size.model.hidden),
        dim=size.model.embedding_dim,
        batch=size.batch_size,
        labels=np.stack([labels["click"], (labels["watch_ratio"] > 0.5).astype(np.float32)], 1),
    )
    return path


TRAINING_PEERS = Topic(
    title="Training step against peers",
    about=(
        "The same impressions, tables, hidden sizes and batch, by deepctr-torch 0.3.0 and "
        "torch-rechub 0.9.0 with Adam, through their own `fit` and trainer. Their input is the "
        "embeddings alone (1,280 wide, without the 400 crossings of ours). The last hidden layer "
        "is each task's tower, the two before are shared, ESMM has a network a task, and MMOE two "
        "experts. A step of theirs trains both tasks of a sample, one of ours one task: what is "
        "compared is seconds a sample and task. Neither library offers row-sparse gradients: "
        "deepctr-torch builds its tables with `sparse=False`, and torch-rechub's trainer has one "
        "optimizer for all weights."
    ),
    measure=measure,
    rounds=3,
    limits={
        f"training_peers.{name}_{precision}": reason
        for name in PEERS
        for precision, reason in (("float32", _BOUND), ("bfloat16", _CASTS))
    },
)
