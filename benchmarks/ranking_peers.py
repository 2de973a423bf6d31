"""The folded heads by ONNX Runtime and by AOTInductor, against NumPy.

Shapes: B candidates, F fields, D embedding size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from benchmarks.environment import Peer, Running, running
from benchmarks.paper_size import paper_size
from benchmarks.ranking import FoldedHeads, aot_inductor, one_thread, pruned_model
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.ranking.heads import Heads
from lt4rec_core.ranking.onnx_heads import onnx_heads

ONNX_RUNTIME = Peer("onnxruntime", ("onnxruntime==1.32.0",), "score_onnx.py")
Percentiles = dict[str, list[tuple[float, float]]]


def measure(bench: Bench) -> Iterator[Row]:
    """Yields p50 and p99 of each, NumPy's distance from the best, and ONNX's difference."""
    torch.set_num_threads(1)
    size = paper_size(bench, batches=1)
    _, layout, tensors = pruned_model(size, size.network())
    heads = Heads.of(layout, tensors)
    model = bench.folder / "heads.onnx"
    model.write_bytes(onnx_heads(layout, heads))
    rng = np.random.default_rng(0)
    shape = (len(layout.fields), layout.embedding_dim)
    for candidates in (1, bench.size(1000, 3)):
        drawn_BFD = rng.normal(scale=0.05, size=(candidates, *shape)).astype(np.float32)
        path = bench.folder / f"embeddings_{candidates}.npy"
        np.save(path, drawn_BFD)
        calls = bench.size(20 if candidates > 1 else 200, 3)
        ways: dict[str, Callable[[], object]] = {"numpy": lambda e=drawn_BFD: heads.predict(e)}  # type: ignore[misc]
        torch_BFD = torch.from_numpy(drawn_BFD)
        compiled = aot_inductor(FoldedHeads(layout, tensors), torch_BFD, bench)
        if compiled is not None:
            ways["aot_inductor"] = lambda run=compiled, e=torch_BFD: run(e)  # type: ignore[misc]
        with one_thread(), running(ONNX_RUNTIME, [str(model), str(path), str(calls)], bench) as ort:
            found, said = _rounds(bench, ways, ort, calls)
        yield from _rows(f"ranking_peers.{candidates}", found)
        expected = [values[0] for values in heads.predict(drawn_BFD).values()]
        apart = float(np.abs(np.array(said) - np.array(expected)).max())
        name = f"ranking_peers.{candidates}_onnx_apart"
        yield row_of(name, [apart], "", "<= 1e-6", "NumPy's predictions")


def _rounds(
    bench: Bench, ways: Mapping[str, Callable[[], object]], ort: Running, calls: int
) -> tuple[Percentiles, list[float]]:
    """Takes turns of `calls` calls; returns p50 and p99 of every turn, and ONNX's predictions."""
    found: Percentiles = {name: [] for name in (*ways, "onnx_runtime")}
    for turn in range(bench.rounds + 1):
        taken = {name: _seconds(way, calls) for name, way in ways.items()}
        answer = ort.ask()["found"]
        taken["onnx_runtime"] = answer["seconds"]
        for name, seconds in taken.items() if turn else ():  # the first one warms up
            middle, high = np.percentile(seconds, [50, 99])
            found[name].append((float(middle), float(high)))
    return found, answer["predicted"]


def _seconds(way: Callable[[], object], calls: int) -> list[float]:
    seconds = []
    for _ in range(calls):
        start = time.perf_counter()
        way()
        seconds.append(time.perf_counter() - start)
    return seconds


def _rows(name: str, found: Percentiles) -> Iterator[Row]:
    middles = {way: np.array([turn[0] for turn in turns]) for way, turns in found.items()}
    for way, turns in found.items():
        yield row_of(f"{name}_{way}_p50", middles[way] * 1e3, "ms")
        yield row_of(f"{name}_{way}_p99", np.array([turn[1] for turn in turns]) * 1e3, "ms")
    best = min(middles, key=lambda way: float(np.median(middles[way])))
    ratio = middles["numpy"] / middles[best]
    yield row_of(f"{name}_behind", ratio, "×", "<= 1.1", f"the best at p50, {best}")


RANKING_PEERS = Topic(
    title="Ranking against peers",
    about=(
        "The folded heads of both tasks, from embeddings to predictions: NumPy as registered, the "
        "graph that `lt4rec export` writes in ONNX Runtime "
        f"{ONNX_RUNTIME.requirements[0].partition('==')[2]}, and torch.export compiled by "
        "AOTInductor. One thread, always on the wall clock."
    ),
    measure=measure,
    limits={
        "ranking_peers.1_behind": (
            "for one candidate NumPy pays the dispatch of every single operation, where the graphs "
            "are one call"
        ),
        "ranking_peers.1000_behind": (
            "the compiled graphs fuse ReLU, bias and the gather of inputs into their products; "
            "NumPy passes over the intermediate values once more for each"
        ),
    },
)
