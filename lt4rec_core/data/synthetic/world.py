"""The latent vectors that attributes stand for: what makes tastes learnable.

Shapes: K = tastes, V = values of an attribute. Every value of an item attribute has a
vector of K tastes and one quality, in two independent versions: `cover` and `other`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic.chance import stream

TASTES = 4
AGES = ("under-18", "18-23", "24-30", "31-40", "41-49", "50+")
GENDERS = ("female", "male")
ACTIVITIES = ("low", "medium", "high", "daily")
TABS = ("main", "follow", "nearby")
CITIES = 40
CATEGORIES = 12

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """Vectors by attribute value.

    Attributes:
        category, tag, author: [V, 2, K + 1]; axis 1 is (cover, other), the last
            component of axis 2 is the quality.
        age, gender: [V, K] tastes of a user group.
        city, activity: [V, 2] leanings of a user group: to click, and to stay.
    """

    category: Floats
    tag: Floats
    author: Floats
    age: Floats
    gender: Floats
    city: Floats
    activity: Floats


def make_world(settings: Synthetic) -> World:
    """Draws the vectors of a world; they depend on the seed and on the numbers of values."""
    chance = stream(settings.seed, "vectors")

    def item_side(values: int) -> Floats:
        vectors = chance.standard_normal((values, 2, TASTES + 1))
        vectors[..., :TASTES] /= np.sqrt(TASTES)  # a user's taste · vector has variance 1
        return vectors

    return World(
        category=item_side(CATEGORIES),
        tag=item_side(settings.tags),
        author=item_side(authors(settings)),
        age=chance.standard_normal((len(AGES), TASTES)),
        gender=chance.standard_normal((len(GENDERS), TASTES)),
        city=chance.standard_normal((CITIES, 2)),
        # A leaning to click rises with activity, whatever the seed.
        activity=np.array([[-1.2, 0.4], [-0.3, -0.4], [0.4, 0.6], [1.1, -0.6]]),
    )


def authors(settings: Synthetic) -> int:
    """Number of authors: one for every ten items of the first day."""
    return max(1, settings.items // 10)


def turned(cover: Floats, other: Floats, conflict: float) -> Floats:
    """Turns `cover` by conflict · 180° towards the independent `other`.

    content = cos(pi · conflict) · cover + sin(pi · conflict) · other; so the correlation
    of content and cover is cos(pi · conflict): 1 at 0, none at 0.5, -1 at 1.
    """
    angle = np.pi * conflict
    return np.asarray(np.cos(angle) * cover + np.sin(angle) * other)
