"""Who lives in the world: users, on the first day and joining later.

Shapes: U = users, K = tastes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.chance import stream
from lt4rec_core.data.synthetic.text import lists, names
from lt4rec_core.data.synthetic.world import (
    ACTIVITIES,
    AGES,
    CITIES,
    GENDERS,
    TASTES,
    Flags,
    Floats,
    Ints,
    World,
    turned,
)

_UNKNOWN_GENDER = 0.05
_UNKNOWN_CITY = 0.03
_INTERESTS = 3


@dataclass(frozen=True)
class Users:
    """What the log says of users, and what only the world knows.

    Attributes:
        frame: user_id, age, gender, activity, city, interests.
        joined: [U] day on which a user joined (below 0: before the first day).
        taste: [U, K].
        lean: [U, 2] leaning to click and to stay.
        weight: [U] how often a user comes, relative to others.
    """

    frame: pl.DataFrame
    joined: Ints
    taste: Floats
    lean: Floats
    weight: Floats

    def __add__(self, others: Users) -> Users:
        """Returns these users, followed by the others."""
        return Users(
            frame=pl.concat([self.frame, others.frame]),
            joined=np.concatenate([self.joined, others.joined]),
            taste=np.concatenate([self.taste, others.taste]),
            lean=np.concatenate([self.lean, others.lean]),
            weight=np.concatenate([self.weight, others.weight]),
        )


def first_users(world: World, settings: Synthetic) -> Users:
    """Returns the users who joined before the first day."""
    return _draw(world, settings, block=0, first=0, count=settings.users)


def joining_users(world: World, settings: Synthetic, day: int) -> Users:
    """Returns the users who join on `day`."""
    count = settings.new_users_per_day
    return _draw(world, settings, block=day + 1, first=settings.users + day * count, count=count)


def _draw(world: World, settings: Synthetic, block: int, first: int, count: int) -> Users:
    chance = stream(settings.seed, "users", block)
    age = chance.choice(len(AGES), count, p=(0.08, 0.24, 0.27, 0.21, 0.12, 0.08))
    gender = chance.integers(len(GENDERS), size=count)
    city = (CITIES * chance.random(count) ** 2).astype(np.int64)
    pace = chance.standard_normal(count)
    activity = np.digitize(pace, (-0.7, 0.1, 0.9))
    interests = _distinct(chance, settings.tags, count)
    taste = (
        np.sqrt(0.25) * world.age[age]
        + np.sqrt(0.15) * world.gender[gender]
        + np.sqrt(0.4 * TASTES / _INTERESTS) * world.tag[interests, 0, :TASTES].sum(axis=1)
        + np.sqrt(0.2) * chance.standard_normal((count, TASTES))
    )
    known = (
        np.sqrt(0.5) * world.activity[activity]
        + np.sqrt(0.2) * world.city[city]
        + np.sqrt(0.3) * chance.standard_normal((count, 2))
    )
    to_click = known[:, 0]
    to_stay = turned(known[:, 0], known[:, 1], settings.conflict)
    tenure = np.ceil(chance.exponential(200.0, count)) if block == 0 else np.zeros(count)
    frame = pl.DataFrame(
        {
            "user_id": names("u", np.arange(first, first + count)),
            "age": _pick(AGES, age),
            "gender": _pick(GENDERS, gender, chance.random(count) < _UNKNOWN_GENDER),
            "activity": _pick(ACTIVITIES, activity),
            "city": _pick(
                tuple(f"city-{index:02}" for index in range(CITIES)),
                city,
                chance.random(count) < _UNKNOWN_CITY,
            ),
            "interests": lists("tag-", interests, np.full(count, _INTERESTS)),
        }
    )
    return Users(
        frame=frame,
        joined=block - 1 - tenure.astype(np.int64),
        taste=taste,
        lean=np.stack([to_click, to_stay], axis=1),
        weight=np.exp(0.9 * pace),
    )


def _distinct(chance: np.random.Generator, tags: int, count: int) -> Ints:
    """[U, 3] different tags: a first one and steps that never go once around."""
    first = chance.integers(tags, size=(count, 1))
    steps = chance.integers(1, tags // _INTERESTS, size=(count, _INTERESTS - 1))
    return np.asarray((first + np.cumsum(np.hstack([0 * first, steps]), axis=1)) % tags)


def _pick(values: tuple[str, ...], index: Ints, missing: Flags | None = None) -> pl.Series:
    picked = pl.Series(values, dtype=pl.String).gather(pl.Series(index))
    if missing is None:
        return picked
    return picked.set(pl.Series(missing), None)
