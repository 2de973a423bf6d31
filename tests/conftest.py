"""Builders of tiny inputs, shared by all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.training.seeds import fix_threads

LAYOUT = Layout(
    fields=("user", "tags", "item"),
    tables=(("user", 5), ("tag", 4), ("item", 6)),
    lookups=(0, 1, 2),
)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tiny tensors gain nothing from more threads, and workers would fight for them."""
    fix_threads(1)


@pytest.fixture
def layout() -> Layout:
    """Three fields, the middle one multi-valued."""
    return LAYOUT


@pytest.fixture
def small_model() -> Model:
    """A network small enough to be trained within a test."""
    return Model(embedding_dim=4, hidden=(8, 6))


@pytest.fixture
def make_samples() -> Callable[..., Samples]:
    """Draws impressions whose clicks depend on the user and whose watch ratio on the item."""

    def make(rows: int = 64, seed: int = 0) -> Samples:
        source = torch.Generator().manual_seed(seed)
        user = torch.randint(0, 5, (rows,), generator=source)
        item = torch.randint(0, 6, (rows,), generator=source)
        tags = torch.randint(1, 4, (rows,), generator=source)
        ids: list[int] = []
        for row in range(rows):
            ids.append(int(user[row]))
            ids.extend(5 + (int(item[row]) + k) % 4 for k in range(int(tags[row])))
            ids.append(9 + int(item[row]))
        lengths = torch.stack([torch.ones(rows), tags, torch.ones(rows)], dim=1).to(torch.int16)
        noise = torch.rand(rows, generator=source)
        click = (noise < 0.2 + 0.15 * user).float()
        ratio = (0.1 + 0.15 * item + 0.1 * torch.rand(rows, generator=source)).clamp(0, 1)
        watch = torch.where(click == 1, ratio, torch.nan)
        ends = lengths.long().sum(1).cumsum(0)
        return Samples(
            ids=torch.tensor(ids, dtype=torch.int32),
            starts=torch.cat([torch.zeros(1, dtype=torch.int64), ends]),
            lengths=lengths,
            labels={"click": click, "watch_ratio": watch},
        )

    return make
