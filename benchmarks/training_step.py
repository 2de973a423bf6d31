"""Seconds of a training step of the paper's network, against the machine and plain PyTorch.

Shapes: B impressions, F fields, V values of a field at most, D embedding size.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from benchmarks.interleave import Contestant, interleaved, timed
from benchmarks.machine import bfloat16_instructions
from benchmarks.paper_size import FIELDS, PaperSize, paper_size
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.data.samples import Samples, map_samples
from lt4rec_core.data.tensor_files import write_tensors
from lt4rec_core.training.loop import _learn
from lt4rec_core.training.memory import keep_freed_memory
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.seeds import fix_threads

_DENSITY = 0.3
_VALUES = 5
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_FEEDING = "ids lie where chance put them, and gathering a batch touches each once"
_MEMORY = (
    "the layers' products cost both alike; what is won is dense Adam's passes over the tables, and "
    "how long these take beside the products is a matter of the machine's memory"
)
_BFLOAT16 = (
    f"{_MEMORY}; and not every processor with AVX512-BF16 multiplies faster by it: compare "
    "bfloat16_limit with float32_limit"
)
_GOALS = {"float32": (">= 0.85", ">= 5"), "bfloat16": (">= 0.6", ">= 8")}


def measure(bench: Bench) -> Iterator[Row]:
    """Yields samples a second, shares of the limit, and ratios to the naive step."""
    fix_threads(bench.threads)
    keep_freed_memory()
    precisions = ["float32", *(["bfloat16"] if bfloat16_instructions() else [])]
    size = paper_size(bench)
    steps = {name: masked_step(size, bench, precision=name) for name in precisions}
    contestants = {
        **steps,
        **{f"limit {name}": matrix_product(bench, name) for name in precisions},
        **{f"products {name}": layers_products(size, bench, name) for name in precisions},
        "exact": masked_step(size, bench, lazy_embeddings=False),
        "feeding": gathering(size, bench),
        "naive": naive_step(size, bench),
    }
    seconds = interleaved(bench, contestants)
    for name in precisions:
        share, ahead = _GOALS[name]
        rate = size.batch_size / seconds[name]
        limit = 1 / (seconds[f"limit {name}"] * size.flops)
        yield row_of(f"training_step.{name}_rate", rate, "samples/s")
        yield row_of(f"training_step.{name}_limit", limit, "samples/s", "", "large GEMM")
        yield row_of(f"training_step.{name}_share", rate / limit, "×", share, f"{name} GEMM limit")
        alone = size.batch_size / seconds[f"products {name}"] / limit
        about = f"{name} GEMM limit; the layers' products and nothing else"
        yield row_of(f"training_step.{name}_products", alone, "×", "", about)
        ratio = seconds["naive"] / seconds[name]
        yield row_of(f"training_step.{name}_naive", ratio, "×", ahead, "naive PyTorch, float32")
        waiting = seconds["feeding"] / seconds[name]
        about = f"a {name} step; gathering its batch"
        yield row_of(f"training_step.{name}_feeding", waiting, "", "<= 0.05", about)
    ratio = seconds["exact"] / seconds["float32"]
    yield row_of("training_step.lazy_embeddings", ratio, "×", "", "exact dense Adam on the tables")


def masked_step(size: PaperSize, bench: Bench, **changed: object) -> Contestant:
    """Returns the project's own step: gather a batch, learn from it under the task's mask."""
    network = size.network()
    masks = size.masks(network, _DENSITY)
    optimizer = MaskedAdam(dict(network.named_parameters()), size.optimizer(**changed))
    batches = _in_turn(size)

    def step() -> None:
        _learn(network, optimizer, size.samples.batch(next(batches)), ("ctr",), size.tasks, masks)

    return timed(step, bench.clock)


def gathering(size: PaperSize, bench: Bench) -> Contestant:
    """Returns what a step waits for: its batch, gathered from encoded samples mapped from disk."""
    drawn, folder = size.samples, bench.folder / "tensors"
    folder.mkdir(exist_ok=True)
    whole = {"ids": drawn.ids, "starts": drawn.starts, "lengths": drawn.lengths.flatten()}
    write_tensors(folder, [{name: values.numpy() for name, values in whole.items()}])
    batches, mapped = _in_turn(size), map_samples(folder, drawn.lengths.shape[1])
    return timed(lambda: mapped.batch(next(batches)), bench.clock)


def matrix_product(bench: Bench, precision: str) -> Contestant:
    """Returns a large matrix product; its seconds are those of one floating-point operation."""
    edge = bench.size(2048, 64)
    left = torch.randn(2 * edge, edge).to(_DTYPES[precision])
    right = torch.randn(edge, edge).to(_DTYPES[precision])
    whole = timed(lambda: left @ right, bench.clock)
    return lambda: whole() / (4 * edge**3)


def layers_products(size: PaperSize, bench: Bench, precision: str) -> Contestant:
    """Returns a step's matrix products of the layers, of their sizes, and nothing else."""
    dtype, batch = _DTYPES[precision], size.batch_size
    drawn = []
    for weight in size.network().layers("ctr").values():
        outputs, inputs = weight.shape
        edges = ((batch, inputs), (outputs, inputs), (batch, outputs))
        drawn.append([torch.randn(edge).to(dtype) for edge in edges])

    def products() -> None:
        for inputs_BI, weight_OI, slope_BO in drawn:
            inputs_BI @ weight_OI.t()
            slope_BO @ weight_OI
            slope_BO.t() @ inputs_BI

    return timed(products, bench.clock)


def naive_step(size: PaperSize, bench: Bench) -> Contestant:
    """Returns what one writes first: rows one by one, dense Adam, the mask in every forward."""
    network = _Naive(size)
    masks = [mask.float() for mask in size.masks(size.network(), _DENSITY)["ctr"].values()]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    loader = DataLoader(_Rows(size), size.batch_size, shuffle=True)
    batches = iter(loader)

    def step() -> None:
        nonlocal batches
        try:
            ids_BFV, there_BFV, click_B = next(batches)
        except StopIteration:
            batches = iter(loader)
            ids_BFV, there_BFV, click_B = next(batches)
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(network(ids_BFV, there_BFV, masks), click_B)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return timed(step, bench.clock)


class _Rows(Dataset[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]):
    """One row at a time, padded to the longest field."""

    def __init__(self, size: PaperSize) -> None:
        self.ids_NFV, self.there_NFV = padded(size.samples, size.layout.field_offsets)
        self.click_N = size.samples.labels["click"]

    def __len__(self) -> int:
        return len(self.click_N)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.ids_NFV[row], self.there_NFV[row], self.click_N[row]


class _Naive(nn.Module):
    """A table a field, and linear layers seen through a mask."""

    def __init__(self, size: PaperSize) -> None:
        super().__init__()
        dim = size.model.embedding_dim
        self.tables = nn.ModuleList(nn.Embedding(rows, dim) for _, rows in size.layout.tables)
        widths = [FIELDS * FIELDS + FIELDS * dim, *size.model.hidden, 1]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))

    def forward(
        self, ids_BFV: torch.Tensor, there_BFV: torch.Tensor, masks: list[torch.Tensor]
    ) -> torch.Tensor:
        pooled = []
        for field, table in enumerate(self.tables):
            there_BV1 = there_BFV[:, field].unsqueeze(2)
            pooled.append((table(ids_BFV[:, field]) * there_BV1).sum(1) / there_BV1.sum(1))
        x_BFD = torch.stack(pooled, 1)
        crossed_BFF = x_BFD @ x_BFD.transpose(1, 2)
        hidden = torch.cat([crossed_BFF.flatten(1), x_BFD.flatten(1)], 1)
        for layer, mask in zip(self.layers, masks, strict=True):
            hidden = F.linear(hidden, layer.weight * mask, layer.bias)  # type: ignore[operator, arg-type]
            hidden = hidden if layer is self.layers[-1] else F.relu(hidden)
        return hidden.squeeze(1)


def padded(samples: Samples, offsets: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns ids inside their tables [N, F, V], and 1.0 where there is a value."""
    there = torch.arange(_VALUES) < samples.lengths.unsqueeze(2)
    ids = torch.zeros(there.shape, dtype=torch.int64)
    ids[there] = samples.ids.to(torch.int64)
    ids -= torch.tensor(offsets).view(1, -1, 1)
    return ids * there, there.float()


def _in_turn(size: PaperSize) -> Iterator[torch.Tensor]:
    batches = torch.arange(size.samples.rows).split(size.batch_size)  # type: ignore[no-untyped-call]
    while True:
        yield from batches


TRAINING_STEP = Topic(
    title="Training step",
    about=(
        "The paper's network (20 fields, five of them multi-valued, embedding 64, "
        "1680 → 512 → 256 → 128 → 1, batch 4,096, tables of up to 1 M ids) under a mask of "
        f"density {_DENSITY}. The limit is the rate of a large matrix product, divided by the "
        "operations of the layers' matrix products. Embeddings are updated row by row (lazy "
        "Adam): rows that aren't in a batch keep their moments, where exact Adam lets them decay "
        "and goes on moving the row; `optimizer.lazy_embeddings = false` is exact. The naive step "
        "takes single rows from a Dataset, has dense Adam on all tables and multiplies by the mask "
        "in every forward."
    ),
    measure=measure,
    limits={
        "training_step.float32_share": (
            "looking up and pooling embeddings, their update, and the crossing's small products "
            "are bound by memory and take what the layers' products leave, and these products are "
            "smaller than the limit's and don't reach its rate either (float32_products)"
        ),
        "training_step.bfloat16_share": (
            "where bfloat16 makes the layers' products faster, embeddings, masks, Adam and the "
            "casts between formats stay as they are"
        ),
        "training_step.float32_naive": _MEMORY,
        "training_step.bfloat16_naive": _BFLOAT16,
        "training_step.float32_feeding": _FEEDING,
        "training_step.bfloat16_feeding": _FEEDING,
    },
)
