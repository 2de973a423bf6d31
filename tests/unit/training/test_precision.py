from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytest import MonkeyPatch

from lt4rec_core.config import Model, Optimizer
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.loop import Watch, train
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.precision import check_precision


def test_bfloat16_is_refused_where_the_cpu_would_imitate_it(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    with pytest.raises(ConfigError, match="AVX512-BF16 or AMX"):
        check_precision("cpu", "bfloat16")
    check_precision("cpu", "float32")


def test_bfloat16_learns_nearly_the_same_and_keeps_weights_in_float32(
    make_samples: Callable[..., Samples], layout: Layout, small_model: Model, tmp_path: Path
) -> None:
    samples, validation = make_samples(rows=256), make_samples(rows=64, seed=1)
    kept = {}
    for precision in ("float32", "bfloat16"):
        source = torch.Generator().manual_seed(0)
        network = build("connection_share", layout, small_model, ("ctr",), source)
        settings = Optimizer(batch_size=32, learning_rate=0.01, precision=precision)
        kept[precision] = train(
            network,
            MaskedAdam(dict(network.named_parameters()), settings),
            Plan({("ctr",): torch.arange(256)}, 32, 2.0, 0, "test"),
            {"ctr": TASKS["ctr"]},
            {},
            samples,
            validation,
            Watch(every=1000),
            tmp_path / precision,
            SilentTracker(),
        ).weights
    for name, weight in kept["float32"].items():
        other = kept["bfloat16"][name]
        assert other.dtype == torch.float32
        torch.testing.assert_close(other, weight, atol=0.05, rtol=0.0)
        assert not torch.equal(other, weight)
