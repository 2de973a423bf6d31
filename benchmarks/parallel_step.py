"""A process of `data_parallel`: learns from its share of batches; says what a step takes."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from benchmarks.paper_size import paper_size
from benchmarks.row import Bench
from lt4rec_core.training.loop import _learn
from lt4rec_core.training.memory import keep_freed_memory
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.parallel import ALONE, World, joined
from lt4rec_core.training.seeds import fix_threads

_DENSITY = 0.3
_BATCHES = 6
_WARM = 2


class _Timed(World):
    """Knows how long the exchange of the last step took."""

    seconds = 0.0

    def add_up(
        self, parameters: Sequence[nn.Parameter], table: nn.Parameter, losses: Mapping[str, float]
    ) -> dict[str, float]:
        start = time.perf_counter()
        told = super().add_up(parameters, table, losses)
        type(self).seconds = time.perf_counter() - start
        return told


def main() -> None:
    """Writes the medians over the steps but the first ones to the file that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("report", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of each batch")
    asked = parser.parse_args()
    fix_threads(asked.threads)
    keep_freed_memory()
    size = paper_size(Bench(asked.quick, "wall", asked.threads, 1, Path()), _BATCHES)
    several = "WORLD_SIZE" in os.environ
    with joined("cpu") if several else contextlib.nullcontext(ALONE) as found:
        world = _Timed(found.rank, found.size)
        network = size.network()
        masks = size.masks(network, _DENSITY)
        optimizer = MaskedAdam(dict(network.named_parameters()), size.optimizer())
        took: list[float] = []
        exchanged: list[float] = []
        rows: list[float] = []
        for number in range(_BATCHES):
            start = number * size.batch_size
            rows_B = world.share(torch.arange(start, start + int(asked.share * size.batch_size)))
            begun = time.perf_counter()
            batch = size.samples.batch(rows_B)
            _learn(network, optimizer, batch, ("ctr",), size.tasks, masks, world)
            took.append(time.perf_counter() - begun)
            exchanged.append(world.seconds)
            rows.append(len(torch.unique(batch.ids)))
    if world.first:
        middle = {"seconds": took, "exchange": exchanged, "rows": rows}
        told = {name: statistics.median(values[_WARM:]) for name, values in middle.items()}
        asked.report.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
