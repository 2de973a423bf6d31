"""One day of the world: everyone and everything that is there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.items import Items, first_items, uploaded_items
from lt4rec_core.data.synthetic.users import Users, first_users, joining_users
from lt4rec_core.data.synthetic.world import make_world


@dataclass(frozen=True)
class Scene:
    """The population of a day; `day` counts from 0, `midnight` (UTC) is in epoch ms."""

    day: int
    date: datetime.date
    midnight: int
    users: Users
    items: Items


def scenes(settings: Synthetic) -> Iterator[Scene]:
    """Yields one scene a day, each with that day's newcomers added."""
    world = make_world(settings)
    users, items = first_users(world, settings), first_items(world, settings)
    for day in range(settings.days):
        date = settings.start_date + datetime.timedelta(days=day)
        begin = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
        users += joining_users(world, settings, day)
        items += uploaded_items(world, settings, day)
        yield Scene(day, date, int(begin.timestamp()) * 1000, users, items)
