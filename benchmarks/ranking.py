"""How long the registered model takes for a request, against other ways to run it.

Shapes: B candidates, F fields, D embedding size.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.paper_size import FIELDS, TASK_NAMES, PaperSize, paper_size
from benchmarks.request import CANDIDATE_FIELDS, Request, request
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import dense
from lt4rec_core.ranking.compact import compact
from lt4rec_core.ranking.export import fold
from lt4rec_core.ranking.heads import Heads, predict
from lt4rec_core.ranking.layout import EMBEDDINGS, Field, RankingLayout, Table, head

_DENSITY = 0.3
Tensors = Mapping[str, np.ndarray]
Score = Callable[[], object]


def measure(bench: Bench) -> Iterator[Row]:
    """Yields p50 and p99 of one candidate and of 1,000, and ratios to other ways."""
    torch.set_num_threads(1)
    size = paper_size(bench, batches=1)
    network = size.network()
    seen, layout, tensors = pruned_model(size, network)
    with one_thread():
        for candidates in (1, bench.size(1000, 3)):
            asked = request(size, candidates)
            yield from _asked(bench, asked, network, seen, layout, tensors)


def pruned_model(
    size: PaperSize, network: Network
) -> tuple[Masks, RankingLayout, dict[str, np.ndarray]]:
    """Prunes the network for each task; returns masks, and what is exported under them."""
    whole = {task: dense(network.prunable(task)) for task in TASK_NAMES}
    seen = {
        task: prune(network.prunable(task), mask, int(_DENSITY * mask.total)).tensors
        for task, mask in whole.items()
    }
    return seen, *ranking_model(size, network, seen)


def _asked(
    bench: Bench,
    asked: Request,
    network: Network,
    masks: Masks,
    layout: RankingLayout,
    tensors: Tensors,
) -> Iterator[Row]:
    heads, candidates = Heads.of(layout, tensors), asked.batch.size

    def look_up() -> torch.Tensor:
        with torch.no_grad():
            embedding_BFD: torch.Tensor = network.embeddings(asked.batch)
        return embedding_BFD

    def eager() -> None:
        with torch.no_grad():
            for task in TASK_NAMES:
                torch.sigmoid(network(asked.batch, [task], masks)[task])

    contestants: dict[str, Score] = {
        "numpy": lambda: predict(heads, asked.look_up(tensors[EMBEDDINGS]), candidates),
        "eager_masked": eager,
    }
    compiled = aot_inductor(FoldedHeads(layout, tensors), look_up(), bench)
    if compiled is not None:
        contestants["aot_inductor"] = lambda: compiled(look_up())
    found = percentiles(bench, contestants, bench.size(20 if candidates > 1 else 200, 3))
    name = f"ranking.{candidates}"
    for what, (middle, high) in found.items():
        yield row_of(f"{name}_{what}_p50", middle * 1e3, "ms")
        yield row_of(f"{name}_{what}_p99", high * 1e3, "ms")
    ahead = found["eager_masked"][0] / found["numpy"][0]
    goal = ">= 3" if candidates > 1 else ""
    yield row_of(f"{name}_ahead", ahead, "×", goal, "two eager masked networks, p50")
    if "aot_inductor" in found:
        ratio = found["numpy"][0] / found["aot_inductor"][0]
        yield row_of(f"{name}_behind", ratio, "×", "<= 1.1", "AOTInductor, p50")


def ranking_model(
    size: PaperSize, network: Network, masks: Masks
) -> tuple[RankingLayout, dict[str, np.ndarray]]:
    """Returns the layout and the tensors that `export` writes for the network."""
    layout = RankingLayout(
        fields=tuple(
            Field(name, name, size.layout.tables[table][0])
            for name, table in zip(size.layout.fields, size.layout.lookups, strict=True)
        ),
        tables=tuple(Table(name, "categorical", rows) for name, rows in size.layout.tables),
        embedding_dim=size.model.embedding_dim,
        hidden=size.model.hidden,
        crossing=size.model.crossing,
        tasks=TASK_NAMES,
        exponents={},
        length=None,
    )
    weights = {name: values.detach().numpy() for name, values in network.named_parameters()}
    kept = {
        task: {name: ones.numpy() for name, ones in mask.items()} for task, mask in masks.items()
    }
    return compact(layout, fold(layout, weights, kept))


class FoldedHeads(nn.Module):
    """The same heads in PyTorch, for its compilers."""

    def __init__(self, layout: RankingLayout, tensors: Tensors) -> None:
        super().__init__()
        self._tasks, self._depth = layout.tasks, len(layout.hidden) + 1
        self._fields = len(layout.fields)
        self.register_buffer("kept", torch.tensor(layout.kept or range(layout.inputs)))
        for task in layout.tasks:
            for layer in range(self._depth):
                for part in ("weight", "bias"):
                    values = torch.from_numpy(tensors[head(task, layer, part)])
                    self.register_buffer(f"{task}_{layer}_{part}", values)

    def forward(self, x_BFD: torch.Tensor) -> list[torch.Tensor]:
        crossed_BFF = torch.bmm(x_BFD, x_BFD.transpose(1, 2))
        inputs_BI = torch.cat([crossed_BFF.flatten(1), x_BFD.flatten(1)], 1)[
            :, self.get_buffer("kept")
        ]
        said = []
        for task in self._tasks:
            value = inputs_BI
            for layer in range(self._depth):
                weight, bias = (
                    self.get_buffer(f"{task}_{layer}_{part}") for part in ("weight", "bias")
                )
                value = F.linear(F.relu(value) if layer else value, weight, bias)
            said.append(torch.sigmoid(value.squeeze(1)))
        return said


def aot_inductor(
    module: nn.Module, embeddings: torch.Tensor, bench: Bench
) -> Callable[[torch.Tensor], Any] | None:
    """Returns the module compiled ahead of time; None without a C++ compiler."""
    if bench.quick or shutil.which("g++") is None:
        return None
    with torch.no_grad():
        exported = torch.export.export(module, (embeddings,))
        package = Path(bench.folder) / f"heads_{len(embeddings)}.pt2"
        path = torch._inductor.aoti_compile_and_package(exported, package_path=str(package))
        compiled: Callable[[torch.Tensor], Any] = torch._inductor.aoti_load_package(path)
    return compiled


def one_thread() -> AbstractContextManager[Any]:
    """Returns a context in which NumPy's matrix products take one thread."""
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[Any] = threadpool_limits(1)
    return limited


def percentiles(
    bench: Bench, contestants: Mapping[str, Score], calls: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns each contestant's p50 and p99 seconds in every round; they alternate each call."""
    for score in contestants.values():
        score()
    middles: dict[str, list[float]] = {name: [] for name in contestants}
    highs: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(bench.rounds):
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(calls):
            for name, score in contestants.items():
                start = time.perf_counter()
                score()
                seconds[name].append(time.perf_counter() - start)
        for name, values in seconds.items():
            middle, high = np.percentile(values, [50, 99])
            middles[name].append(float(middle))
            highs[name].append(float(high))
    return {name: (np.array(middles[name]), np.array(highs[name])) for name in contestants}


RANKING = Topic(
    title="Ranking",
    about=(
        "Both tasks' predictions of the paper's network at density "
        f"{_DENSITY}, from encoded ids of one user's request, whose candidates differ in "
        f"{len(CANDIDATE_FIELDS)} of {FIELDS} fields: the folded heads in NumPy, as registered, "
        "which compute the other fields once; two eager networks under their masks; the folded "
        "heads compiled by AOTInductor. One thread, always on the wall clock."
    ),
    measure=measure,
    limits={
        "ranking.1_behind": (
            "one candidate's time goes into reading both heads' weights once, and NumPy pays the "
            "dispatch of every operation beside it, of a look-up for each field among them"
        ),
        "ranking.1000_ahead": (
            "what differs between candidates still takes 1.3 of the two networks' 4.1 billion "
            "operations in matrix products, and these are most of its time: at one rate for both, "
            "three times is the most there is"
        ),
    },
)
