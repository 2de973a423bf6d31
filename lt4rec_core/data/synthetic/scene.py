"""One day of the world: everyone and everything that is there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.items import Items, first_items, uploaded_items
from lt4rec_core.data.synthetic.users import Users, first_users, joining_users
from lt4rec_core.data.synthetic.world import Floats, Ints, make_world
from lt4rec_core.errors import ConfigError

POSITIONS = 6  # items in a request, all different


@dataclass(frozen=True)
class Scene:
    """The population of a day; `day` counts from 0, `midnight` (UTC) is in epoch ms."""

    day: int
    date: datetime.date
    midnight: int
    users: Users
    items: Items


def scenes(settings: Synthetic) -> Iterator[Scene]:
    """Yields one scene a day: that day's newcomers are added, who left has weight 0.

    Raises:
        ConfigError: too few users or items are left for a day.
    """
    world = make_world(settings)
    users, items = first_users(world, settings), first_items(world, settings)
    for day in range(settings.days):
        date = settings.start_date + datetime.timedelta(days=day)
        begin = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
        users += joining_users(world, settings, day)
        items += uploaded_items(world, settings, day)
        yield Scene(
            day,
            date,
            int(begin.timestamp()) * 1000,
            replace(users, weight=_staying(users.weight, users.joined, settings, day, 1)),
            replace(items, weight=_staying(items.weight, items.uploaded, settings, day, POSITIONS)),
        )


def _staying(weight: Floats, came: Ints, settings: Synthetic, day: int, least: int) -> Floats:
    """Weights on `day`, 0 for who came longer ago than `stay_days`.

    Who was there before the first day leaves on one of its first `stay_days` days, as evenly
    spread as the days they came on: the world is as large on the first day as later.
    """
    if settings.stay_days is None:
        return weight
    last = np.where(came < 0, came % settings.stay_days, came + settings.stay_days - 1)
    staying = np.where(day <= last, weight, 0.0)
    left = int(np.count_nonzero(staying))
    if left < least:
        raise ConfigError(
            f"[synthetic] stay_days = {settings.stay_days} leaves {left} users or items on day "
            f"{day + 1}, where {least} are needed; raise stay_days, new_users_per_day or "
            "new_items_per_day"
        )
    return staying
