"""On real logs: raw features score as the training code scores the encoded ones."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from lt4rec_core.config import load
from lt4rec_core.data.layout import layout_of
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.stages.evaluate import evaluate
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.register import raw_rows, register
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import save_checkpoint

REAL_DATA = os.environ.get("LT4REC_REAL_DATA", "")
CONFIGS = Path(__file__).parents[2] / "pipelines" / "configs"
SETTINGS = (
    "ingest.train_days=1",
    "evaluate.bootstrap_replicates=0",
    "model.embedding_dim=8",
    "model.hidden=[32, 16]",
)


@pytest.mark.skipif(not REAL_DATA, reason="LT4REC_REAL_DATA names no folder of real logs")
@pytest.mark.parametrize(
    ("config", "folder", "date"),
    [
        ("kuairand", "kuairand_pure", "2022-05-03"),
        ("tencent_sample", "lt4rec_sample", None),
    ],
)
def test_every_raw_test_row_scores_as_the_training_code_scores_it(config, folder, date, tmp_path):
    settings = load(CONFIGS / f"{config}.toml", SETTINGS)
    tracker = SilentTracker()
    dataset = ingest(settings, str(Path(REAL_DATA) / folder), date, tmp_path / "dataset", tracker)
    generator = torch.Generator().manual_seed(0)
    names = [task.name for task in settings.tasks]
    sharing = settings.model.sharing
    network = build(sharing, layout_of(dataset.features), settings.model, names, generator)
    weights = {  # larger than drawn, so that scores spread over (0, 1)
        f"weights/{name}": values + 0.3 * torch.randn(values.shape, generator=generator)
        for name, values in network.state_dict().items()
    }
    joint = save_checkpoint(tmp_path / "joint", "checkpoint", weights, {})
    masks = {
        task: Mask(
            {
                name: torch.rand(values.shape, generator=generator) < 0.5
                for name, values in network.prunable(task).items()
            }
        )
        for task in names
    }
    judged = evaluate(settings, dataset, joint, masks, {}, tmp_path / "evaluation", tracker)
    done = register(
        settings, dataset, joint, masks, judged, None, tmp_path / "registration", tracker
    )
    scorer = Scorer.load(done.model)
    parts = [scorer.score(rows) for rows in raw_rows(dataset, "test", scorer.columns)]
    expected = pl.read_parquet(judged.root / "predictions.parquet")
    for task in names:
        served = np.concatenate([part[f"p{task}"] for part in parts])
        assert served.std() > 0.01
        np.testing.assert_allclose(served, expected[f"p.{task}"].to_numpy(), rtol=0, atol=1e-6)
