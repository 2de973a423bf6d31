from __future__ import annotations

import math

import numpy as np
import pytest

from lt4rec_core.comparison.gain import paired_gain
from lt4rec_core.metrics import METRICS

AUC, MSE = METRICS["auc"], METRICS["mse"]


def test_a_lower_error_is_a_gain() -> None:
    assert paired_gain(MSE, [0.1, 0.2], [0.2, 0.3], None, None, 0.95)["mean"] == pytest.approx(0.1)


def test_what_all_seeds_share_cancels() -> None:
    gain = paired_gain(AUC, [0.71, 0.61, 0.81], [0.70, 0.60, 0.80], None, None, 0.95)
    assert gain["low"] == pytest.approx(0.01)
    assert gain["high"] == pytest.approx(0.01)


def test_interval_over_seeds_is_students() -> None:
    gain = paired_gain(AUC, [0.01, 0.02, 0.03], [0.0, 0.0, 0.0], None, None, 0.95)
    half = 4.302652729911275 * 0.01 / math.sqrt(3)  # t(2) at 97.5 %
    assert gain["over_seeds"] == pytest.approx([0.02 - half, 0.02 + half])


def test_errors_of_seeds_and_users_add_as_squares() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.02, 0.005, size=(1, 400)).repeat(2, axis=0)
    gain = paired_gain(AUC, [0.01, 0.03], [0.0, 0.0], drawn, np.zeros_like(drawn), 0.95)
    of_seeds = (gain["over_seeds"][1] - gain["over_seeds"][0]) / 2
    of_users = 1.959963984540054 * drawn[0].std(ddof=1)
    assert (gain["high"] - gain["low"]) / 2 == pytest.approx(math.hypot(of_seeds, of_users))


def test_with_one_seed_only_the_users_speak() -> None:
    drawn = np.linspace(-1, 1, 101)[None]
    gain = paired_gain(AUC, [0.5], [0.4], drawn, np.zeros_like(drawn), 0.9)
    assert (gain["low"], gain["high"]) == pytest.approx((-0.9, 0.9))
    assert "over_seeds" not in gain


def test_without_seeds_and_users_there_is_no_interval() -> None:
    assert "low" not in paired_gain(AUC, [0.5], [0.4], None, None, 0.9)


def test_relative_gain_is_a_share_of_the_rival() -> None:
    gain = paired_gain(MSE, [0.19, 0.18], [0.2, 0.2], None, None, 0.95)
    assert gain["relative"]["mean"] == pytest.approx(0.015 / 0.2)
