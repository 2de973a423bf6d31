"""The paper's network and made-up impressions of its size.

20 fields, five of them with one to five values, embedding 64, 1680 → 512 → 256 → 128 → 1;
tables of up to a million ids, drawn by Zipf's law.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import torch

from benchmarks.row import Bench
from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.tasks import TASKS, Task

FIELDS, MULTI = 20, 5
TASK_NAMES = ("ctr", "cvr")


@dataclass(frozen=True)
class PaperSize:
    """What a training step needs, at the paper's size or at a tiny one."""

    layout: Layout
    model: Model
    batch_size: int
    samples: Samples
    tasks: dict[str, Task] = field(default_factory=lambda: {k: TASKS[k] for k in TASK_NAMES})

    def network(self, sharing: str = "connection_share") -> Network:
        """Returns a fresh network."""
        source = torch.Generator().manual_seed(0)
        return build(sharing, self.layout, self.model, tuple(self.tasks), source)

    def masks(self, network: Network, density: float) -> dict[str, dict[str, torch.Tensor]]:
        """Returns random masks of a density for each task."""
        source = torch.Generator().manual_seed(1)
        return {
            task: {
                name: torch.rand(weight.shape, generator=source) < density
                for name, weight in network.prunable(task).items()
            }
            for task in self.tasks
        }

    def optimizer(self, **changed: object) -> Optimizer:
        """Returns the paper's settings, with what is changed of them."""
        return Optimizer(**{"batch_size": self.batch_size, **changed})  # type: ignore[arg-type]

    @property
    def flops(self) -> int:
        """Operations of the over layers' matrix products for a sample, forward and backward."""
        fields = len(self.layout.fields)
        sizes = [fields * fields + fields * self.model.embedding_dim, *self.model.hidden, 1]
        return 6 * sum(before * after for before, after in pairwise(sizes))


def paper_size(
    bench: Bench,
    batches: int = 8,
    fields: int = FIELDS,
    largest: int = 1_000_000,
    tasks: int = len(TASK_NAMES),
) -> PaperSize:
    """Draws `batches` batches of impressions.

    Args:
        bench: how it is run.
        batches: how many.
        fields: how many, five of them multi-valued.
        largest: rows of the largest table; the next ones have a half and a tenth of it.
        tasks: how many; from the third one on they are further clicks.
    """
    scale = bench.size(1, 1000)
    sizes = [largest, largest // 2, largest // 10, *[10_000] * 7, *[1000] * (fields - 10)]
    sizes = [max(2, size // scale) for size in sizes]
    layout = Layout(
        fields=tuple(f"field_{number}" for number in range(fields)),
        tables=tuple((f"table_{number}", size) for number, size in enumerate(sizes)),
        lookups=tuple(range(fields)),
    )
    model = Model(embedding_dim=4, hidden=(8, 4)) if bench.quick else Model()
    batch_size = bench.size(4096, 16)
    samples = _draw(sizes, layout.field_offsets, batches * batch_size)
    more = [replace(TASKS["ctr"], name=f"task_{number}") for number in range(3, tasks + 1)]
    known = {task.name: task for task in (*(TASKS[name] for name in TASK_NAMES), *more)}
    return PaperSize(layout, model, batch_size, samples, known)


def _draw(sizes: list[int], offsets: tuple[int, ...], rows: int) -> Samples:
    rng = np.random.default_rng(0)
    fields = len(sizes)
    lengths_NF = np.ones((rows, fields), np.int16)
    lengths_NF[:, 3 : 3 + MULTI] = rng.integers(1, 6, (rows, MULTI))
    field_L = np.repeat(np.tile(np.arange(fields), rows), lengths_NF.ravel())
    size_L = np.array(sizes)[field_L]
    # size^u with u uniform: rank r is drawn in proportion to 1 / r.
    rank_L = np.minimum(size_L ** rng.random(len(field_L)), size_L - 1).astype(np.int64)
    click_N = (rng.random(rows) < 0.3).astype(np.float32)
    watched_N = np.where(click_N == 1, rng.random(rows), np.nan).astype(np.float32)
    ends = lengths_NF.sum(1, dtype=np.int64).cumsum()
    return Samples(
        ids=torch.from_numpy((rank_L + np.array(offsets)[field_L]).astype(np.int32)),
        starts=torch.from_numpy(np.concatenate([[0], ends])),
        lengths=torch.from_numpy(lengths_NF),
        labels={"click": torch.from_numpy(click_N), "watch_ratio": torch.from_numpy(watched_N)},
    )
