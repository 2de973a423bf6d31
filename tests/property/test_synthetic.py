from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.generate import chunks
from lt4rec_core.data.synthetic.scene import scenes
from lt4rec_core.data.synthetic.world import turned

WORLDS = st.builds(
    Synthetic,
    seed=st.integers(0, 2**32),
    days=st.just(2),
    rows_per_day=st.integers(1, 80),
    users=st.integers(1, 20),
    new_users_per_day=st.integers(0, 3),
    items=st.integers(10, 30),
    new_items_per_day=st.integers(0, 3),
    tags=st.integers(8, 60),
    conflict=st.floats(0, 1),
    noise=st.just(0.0),
    chunk_rows=st.integers(1, 100),
)


@settings(max_examples=25)
@given(WORLDS)
def test_any_world_gives_the_rows_asked_for_and_sound_truth(world: Synthetic) -> None:
    for scene in scenes(world):
        drawn = list(chunks(world, scene))
        assert sum(streams.impressions.height for streams in drawn) == world.rows_per_day
        for streams in drawn:
            truth = streams.truth.select("ctr", "watch_ratio").to_numpy()
            assert ((truth > 0) & (truth < 1)).all()
            assert streams.clicks.height <= streams.impressions.height
            assert streams.plays.select(played="play_time_ms")["played"].ge(0).all()


@given(st.floats(0, 1))
def test_turned_vectors_correlate_as_stated(conflict: float) -> None:
    cover, other = np.random.default_rng(0).standard_normal((2, 50_000))
    found = np.corrcoef(cover, turned(cover, other, conflict))[0, 1]
    assert abs(found - np.cos(np.pi * conflict)) < 0.02
