"""What there is to watch: items, on the first day and uploaded later.

Shapes: I = items, K = tastes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.chance import stream
from lt4rec_core.data.synthetic.text import lists, names
from lt4rec_core.data.synthetic.world import (
    CATEGORIES,
    TASTES,
    Floats,
    Ints,
    World,
    authors,
    turned,
)

_MAX_TAGS = 4
_HEAD = 8.0  # flattens the very top of the Zipf law, as catalogues do
_MEDIAN_SECONDS = 20.0
_LOG_SPREAD = 0.7


@dataclass(frozen=True)
class Items:
    """What the log says of items, and what only the world knows.

    Attributes:
        frame: item_id, author_id, category, tags, duration_ms.
        uploaded: [I] day of the upload (below 0: before the first day).
        cover, content: [I, K + 1] tastes served and, last, quality.
        longer: [I] standardised logarithm of the duration.
        weight: [I] popularity (Zipf), before any boost for being new.
    """

    frame: pl.DataFrame
    uploaded: Ints
    cover: Floats
    content: Floats
    longer: Floats
    weight: Floats

    def __add__(self, others: Items) -> Items:
        """Returns these items, followed by the others."""
        return Items(
            frame=pl.concat([self.frame, others.frame]),
            uploaded=np.concatenate([self.uploaded, others.uploaded]),
            cover=np.concatenate([self.cover, others.cover]),
            content=np.concatenate([self.content, others.content]),
            longer=np.concatenate([self.longer, others.longer]),
            weight=np.concatenate([self.weight, others.weight]),
        )


def first_items(world: World, settings: Synthetic) -> Items:
    """Returns the items uploaded before the first day."""
    return _draw(world, settings, block=0, first=0, count=settings.items)


def uploaded_items(world: World, settings: Synthetic, day: int) -> Items:
    """Returns the items uploaded on `day`."""
    count = settings.new_items_per_day
    return _draw(world, settings, block=day + 1, first=settings.items + day * count, count=count)


def exposure(items: Items, day: int) -> Floats:
    """[I] chance of being shown on `day`: popularity, up to five times for what is new."""
    shown = items.weight * (1.0 + 4.0 * np.exp(-(day - items.uploaded) / 1.5))
    return np.asarray(shown / shown.sum())


def _draw(world: World, settings: Synthetic, block: int, first: int, count: int) -> Items:
    chance = stream(settings.seed, "items", block)
    author = (authors(settings) * chance.random(count) ** 1.5).astype(np.int64)
    category = (author * 7 + 3) % CATEGORIES  # an author keeps to one category
    tags, tag_counts = _tags(chance, settings.tags, category)
    mix = (
        np.sqrt(0.3) * world.category[category]
        + np.sqrt(0.25) * world.author[author]
        + np.sqrt(0.15) * chance.standard_normal((count, 2, TASTES + 1)) / _own_scale()
    )
    share = np.sqrt(0.3 / np.maximum(tag_counts, 1))
    for slot in range(_MAX_TAGS):  # one slot at a time keeps memory at one vector an item
        worn = (slot < tag_counts) * share
        mix += worn[:, None, None] * world.tag[tags[:, slot]]
    longer = chance.standard_normal(count)
    ranks = chance.permutation(count) if block == 0 else chance.integers(settings.items, size=count)
    age = np.ceil(chance.exponential(60.0, count)) if block == 0 else np.zeros(count)
    seconds = np.clip(_MEDIAN_SECONDS * np.exp(_LOG_SPREAD * longer), 5.0, 180.0)
    frame = pl.DataFrame(
        {
            "item_id": names("i", np.arange(first, first + count)),
            "author_id": names("a", author),
            "category": names("category-", category),
            "tags": lists("tag-", tags, tag_counts),
            "duration_ms": np.rint(1000 * seconds).astype(np.int64),
        }
    )
    return Items(
        frame=frame,
        uploaded=block - 1 - age.astype(np.int64),
        cover=mix[:, 0],
        content=turned(mix[:, 0], mix[:, 1], settings.conflict),
        longer=longer,
        weight=np.asarray(1.0 / (ranks + _HEAD), dtype=np.float64),
    )


def _own_scale() -> Floats:
    """[K + 1] makes an item's own vector as long as its attributes' vectors."""
    return np.array([np.sqrt(TASTES)] * TASTES + [1.0])


def _tags(chance: np.random.Generator, tags: int, category: Ints) -> tuple[Ints, Ints]:
    """[I, 4] different tags, near their category's own, and how many of them are worn."""
    count = len(category)
    near = category * (tags // CATEGORIES + 1) + (tags * chance.random(count) ** 3).astype(int)
    steps = chance.integers(1, tags // _MAX_TAGS + 1, size=(count, _MAX_TAGS - 1))
    places = np.cumsum(np.column_stack([near, steps]), axis=1)
    counts = chance.choice(_MAX_TAGS + 1, count, p=(0.04, 0.26, 0.35, 0.23, 0.12))
    return places % tags, counts
