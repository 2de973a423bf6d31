from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.chance import stream
from lt4rec_core.data.synthetic.scene import scenes
from lt4rec_core.data.synthetic.traffic import draw_traffic
from lt4rec_core.data.synthetic.truth import Truth, draw_outcomes, find_truth

Read = Callable[..., pl.DataFrame]


def _truth(conflict: float, seed: int) -> Truth:
    settings = Synthetic(days=1, users=300, items=300, conflict=conflict, seed=seed)
    scene = next(scenes(settings))
    return find_truth(scene, draw_traffic(stream(seed, "rows"), scene, 3000, (0.0, 1.0)))


def _correlation(conflict: float, seed: int) -> float:
    truth = _truth(conflict, seed)
    return float(np.corrcoef(truth.ctr, truth.cvr)[0, 1])


@pytest.mark.parametrize("seed", range(3))
def test_conflict_lowers_the_correlation_of_the_tasks_step_by_step(seed: int) -> None:
    found = [_correlation(conflict, seed) for conflict in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(more > less for more, less in itertools.pairwise(found))
    assert found[0] > 0.5
    assert found[-1] < -0.5


def test_clicks_dont_depend_on_conflict() -> None:
    assert np.array_equal(_truth(0.0, 1).ctr, _truth(1.0, 1).ctr)


def test_watch_ratio_has_the_stated_mean() -> None:
    mean = np.repeat([0.1, 0.4, 0.8], 40_000)
    drawn = draw_outcomes(stream(3, "rows"), Truth(ctr=mean, cvr=mean)).watch_ratio
    assert drawn.reshape(3, -1).mean(axis=1) == pytest.approx([0.1, 0.4, 0.8], abs=0.005)


def test_clicks_come_at_the_stated_rate() -> None:
    rate = np.repeat([0.05, 0.5, 0.9], 40_000)
    clicked = draw_outcomes(stream(3, "rows"), Truth(ctr=rate, cvr=rate)).clicked
    assert clicked.reshape(3, -1).mean(axis=1) == pytest.approx([0.05, 0.5, 0.9], abs=0.01)


def test_a_watch_to_the_end_is_exactly_one() -> None:
    half = np.full(20_000, 0.5)
    ratio = draw_outcomes(stream(1, "rows"), Truth(ctr=half, cvr=half)).watch_ratio
    assert np.mean(ratio == 1.0) == pytest.approx(0.5**3, abs=0.01)
    assert ratio.min() >= 0.0
    assert ratio.max() <= 1.0


def test_lower_positions_are_clicked_less(read: Read) -> None:
    shown = read("impressions", noise=0.0, days=1, rows_per_day=6000)
    truth = read("truth", noise=0.0, days=1, rows_per_day=6000)
    by_position = (
        shown.join(truth, on="impression_id").group_by("position").agg(pl.col("ctr").mean())
    )
    rates = by_position.sort("position")["ctr"].to_list()
    assert rates == sorted(rates, reverse=True)


def test_rates_are_those_of_a_real_feed() -> None:
    truth = _truth(0.5, 0)
    assert 0.2 < truth.ctr.mean() < 0.35
    assert 0.4 < truth.cvr.mean() < 0.65
