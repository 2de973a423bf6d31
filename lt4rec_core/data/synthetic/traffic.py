"""Who is shown what, when: sessions of requests of positions.

Shapes: N = impressions, R = requests, S = sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lt4rec_core.data.synthetic.items import exposure
from lt4rec_core.data.synthetic.scene import POSITIONS, Scene
from lt4rec_core.data.synthetic.world import TABS, Floats, Ints

DAY_MS = 86_400_000
_LAST_START_HOUR = 22.5  # sessions and their plays are over by midnight
_MAX_REQUESTS = 10
_REQUEST_MS = 60_000
# Visits by hour of the day: a small peak at noon, a large one in the evening.
_BY_HOUR = np.array(
    [3, 2, 1, 1, 1, 2, 3, 5, 5, 5, 5, 6, 8, 7, 5, 5, 5, 6, 8, 10, 12, 12, 5], dtype=np.float64
)


@dataclass(frozen=True)
class Traffic:
    """Impressions in the order of time.

    Attributes:
        user, item: [N] places in the population.
        request: [N] number of the request within the chunk; no item twice in one.
        position: [N] place in the request's list, from 0.
        tab: [N] place in TABS.
        time: [N] milliseconds since midnight.
    """

    user: Ints
    item: Ints
    request: Ints
    position: Ints
    tab: Ints
    time: Ints


def draw_traffic(
    chance: np.random.Generator, scene: Scene, rows: int, between: tuple[float, float]
) -> Traffic:
    """Draws `rows` impressions from the part of the day's visits `between` two shares of it."""
    requests = -(-rows // POSITIONS)
    lengths = 1 + np.minimum(chance.poisson(1.8, requests), _MAX_REQUESTS - 1)
    sessions = int(np.searchsorted(np.cumsum(lengths), requests)) + 1
    session_R = np.repeat(np.arange(sessions), lengths[:sessions])[:requests]
    starts = np.concatenate([[0], np.cumsum(lengths[: sessions - 1])])
    turn_R = np.arange(requests) - starts[session_R]

    user_S = _weighted(chance, scene.users.weight, sessions)
    tab_S = chance.choice(len(TABS), sessions, p=(0.6, 0.25, 0.15))
    begin_S = _clock(low_high=between, share=chance.random(sessions))
    pause_R = turn_R * _REQUEST_MS + chance.integers(0, _REQUEST_MS // 2, requests)
    begin_R = begin_S[session_R] + pause_R

    request = np.repeat(np.arange(requests), POSITIONS)[:rows]
    position = np.tile(np.arange(POSITIONS), requests)[:rows]
    traffic = Traffic(
        user=user_S[session_R][request],
        item=_without_repeats(chance, exposure(scene.items, scene.day), request),
        request=request,
        position=position,
        tab=tab_S[session_R][request],
        time=begin_R[request] + position * 400,
    )
    order = np.argsort(traffic.time, kind="stable")
    return Traffic(**{name: values[order] for name, values in vars(traffic).items()})


def _weighted(chance: np.random.Generator, weight: Floats, count: int) -> Ints:
    heaped = np.cumsum(weight)
    drawn = np.searchsorted(heaped, chance.random(count) * heaped[-1], side="right")
    return np.asarray(np.minimum(drawn, len(weight) - 1), dtype=np.int64)


def _without_repeats(chance: np.random.Generator, weight: Floats, request: Ints) -> Ints:
    """[N] items by weight, none twice in a request."""
    item = _weighted(chance, weight, len(request))
    again = _repeats(request, item, len(weight))
    for _ in range(10):
        item[again] = _weighted(chance, weight, len(again))
        again = again[np.isin(again, _repeats(request, item, len(weight)))]
    shown = np.flatnonzero(weight)
    while len(again := _repeats(request, item, len(weight))):  # few are left: take the next item
        item[again] = shown[(np.searchsorted(shown, item[again]) + 1) % len(shown)]
    return item


def _repeats(request: Ints, item: Ints, items: int) -> Ints:
    """Rows whose item stands earlier in the same request."""
    key = request * items + item
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    return np.sort(order[1:][same])


def _clock(low_high: tuple[float, float], share: Floats) -> Ints:
    """Milliseconds since midnight at which the given shares of the day's visits have begun."""
    low, high = low_high
    heaped = np.concatenate([[0.0], np.cumsum(_BY_HOUR) / _BY_HOUR.sum()])
    hours = np.minimum(np.arange(len(heaped)), _LAST_START_HOUR)
    return np.asarray(np.interp(low + share * (high - low), heaped, hours) * 3_600_000).astype(
        np.int64
    )
