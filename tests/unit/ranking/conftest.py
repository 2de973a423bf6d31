"""A ranking model of two fields, and the network that it was exported from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import Field, Length, RankingLayout, Table

TASKS = ("ctr", "cvr")
IDS = {"user": ["u1", "u2", "ü3"], "tag": ["red", "blue", "a\nb"]}


@pytest.fixture
def make_layout() -> Callable[..., RankingLayout]:
    """Gives a layout of a single, a multi-valued and a numeric field, with changes."""

    def make(**changes: Any) -> RankingLayout:
        values: dict[str, Any] = {
            "fields": (
                Field("user", "user_id", "user"),
                Field("tag", "tags", "tag", values="multi", separator="|"),
                Field("age", "age", "age", kind="numeric"),
            ),
            "tables": (
                Table("user", "categorical", 1 + 2 + 3, oov_buckets=2),
                Table("tag", "categorical", 1 + 2 + 3, oov_buckets=2),
                Table("age", "numeric", 4, boundaries=(18.0, 40.0)),
            ),
            "embedding_dim": 4,
            "hidden": (8, 5),
            "crossing": "full",
            "tasks": TASKS,
            "exponents": {"ctr": 1.0, "cvr": 2.0},
            "length": Length(exponent=0.5, unknown=9.0),
        }
        return RankingLayout(**{**values, **changes})

    return make


@pytest.fixture
def make_network() -> Callable[..., Network]:
    """Gives a seeded network that fits a layout."""

    def make(layout: RankingLayout, output: str = "shared") -> Network:
        names = [table.name for table in layout.tables]
        model = Model(
            embedding_dim=layout.embedding_dim,
            hidden=layout.hidden,
            crossing=layout.crossing,
            output=output,
        )
        network = build(
            "connection_share",
            Layout(
                fields=tuple(field.name for field in layout.fields),
                tables=tuple((table.name, table.size) for table in layout.tables),
                lookups=tuple(names.index(field.table) for field in layout.fields),
            ),
            model,
            layout.tasks,
            torch.Generator().manual_seed(7),
        )
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                if name.endswith("bias") or name == "embeddings.weight":
                    parameter.normal_(generator=torch.Generator().manual_seed(len(name)))
        return network

    return make


@pytest.fixture
def make_masks() -> Callable[[Network], dict[str, dict[str, torch.Tensor]]]:
    """Gives each task a random mask over its prunable weights."""

    def make(network: Network) -> dict[str, dict[str, torch.Tensor]]:
        generator = torch.Generator().manual_seed(3)
        return {
            task: {
                name: torch.rand(weight.shape, generator=generator) < 0.5
                for name, weight in network.prunable(task).items()
            }
            for task in TASKS
        }

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Exports a network into a new folder and returns the folder."""

    def save(layout: RankingLayout, network: Network, masks: Any = None) -> Path:
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        export(layout, arrays(network.state_dict()), nested(masks or {}), IDS, folder)
        return folder

    return save


def arrays(tensors: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def nested(masks: Any) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    return {task: arrays(tensors) for task, tensors in masks.items()}
