"""Ranking models of the made-up world's features, with weights drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import RankingLayout
from lt4rec_core.stages.register import layout_of

Save = Callable[..., Path]


@pytest.fixture
def save(tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path) -> Save:
    """Exports a model; `turned` gives its users' ids the other way round, rows and all."""

    def save(seed: int = 0, *, turned: bool = False, **changes: Any) -> Path:
        plain = layout_of(tiny_config, tiny_dataset)
        layout = RankingLayout(**{**vars(plain), **changes})
        rng = np.random.default_rng(seed)
        weights = {"embeddings.weight": rng.normal(size=layout.shapes["embeddings.weight"])}
        for task in layout.tasks:
            for layer in range(len(layout.hidden) + 1):
                name = f"over.{layer}" if layer < len(layout.hidden) else f"output.{task}"
                for part in ("weight", "bias"):
                    shape = layout.shapes[f"head.{task}.{layer}.{part}"]
                    weights.setdefault(f"{name}.{part}", rng.normal(size=shape) / 4)
        ids = {
            table.name: tiny_dataset.vocabulary(table.name)["id"].to_list()
            for table in layout.tables
            if table.kind == "categorical"
        }
        if turned:
            start = layout.offsets["user_id"]
            table = next(table for table in layout.tables if table.name == "user_id")
            known = slice(start + 1 + table.oov_buckets, start + table.size)
            embeddings = weights["embeddings.weight"]
            embeddings[known] = embeddings[known][::-1].copy()
            ids["user_id"] = ids["user_id"][::-1]
        folder = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        export(layout, weights, {}, ids, folder)
        return folder

    return save
