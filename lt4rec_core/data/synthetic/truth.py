r"""The truth: how likely a click is, and what share of the video is watched.

For an impression of item i to user u, with sigma the logistic function:

    pCTR = sigma(a0 + a1 taste_u · cover_i + a2 cover quality_i + a3 leaning to click_u
                 - a4 position + tab + hour)
    pCVR = sigma(b0 + b1 taste_u · content_i + b2 content quality_i + b3 leaning to stay_u
                 - b4 longer_i + tab)

The two share every direction in which conflict can be: content vectors, content
quality and the leaning to stay are the cover's (the click's) turned by
conflict · 180° (`world.turned`), so the correlation of both taste and quality terms is
cos(pi · conflict). pCVR is the expected watch ratio of a click. With m = pCVR, the
video is watched to its end with probability m^3; otherwise the ratio follows a Beta
distribution with mean m (1 + m) / (1 + m + m^2) and concentration 6, so that the mean of
all is m^3 + (1 - m^3) m (1 + m) / (1 + m + m^2) = m.

Shapes: N = impressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lt4rec_core.data.synthetic.scene import Scene
from lt4rec_core.data.synthetic.traffic import Traffic
from lt4rec_core.data.synthetic.world import TASTES, Flags, Floats

_CONCENTRATION = 6.0
_TAB_TO_CLICK = np.array([0.0, 0.4, -0.4])
_TAB_TO_STAY = np.array([0.0, 0.35, -0.15])


@dataclass(frozen=True)
class Truth:
    """[N] probability of a click; [N] expected watch ratio, were it clicked."""

    ctr: Floats
    cvr: Floats


@dataclass(frozen=True)
class Outcomes:
    """The truth; [N] whether it was clicked; [N] the watch ratio it has, or would have had."""

    truth: Truth
    clicked: Flags
    watch_ratio: Floats


def find_truth(scene: Scene, traffic: Traffic) -> Truth:
    """Computes both probabilities of every impression."""
    users, items = scene.users, scene.items
    taste = users.taste[traffic.user]
    lean = users.lean[traffic.user]
    cover, content = items.cover[traffic.item], items.content[traffic.item]
    hour = traffic.time / 3_600_000
    ctr = (
        -1.25
        + 0.8 * np.einsum("nk,nk->n", taste, cover[:, :TASTES])
        + 1.0 * cover[:, TASTES]
        + 0.6 * lean[:, 0]
        - 0.15 * traffic.position
        + _TAB_TO_CLICK[traffic.tab]
        + 0.15 * np.cos((hour - 21.0) / 12.0 * np.pi)
    )
    cvr = (
        0.1
        + 0.6 * np.einsum("nk,nk->n", taste, content[:, :TASTES])
        + 0.75 * content[:, TASTES]
        + 0.4 * lean[:, 1]
        - 0.55 * items.longer[traffic.item]
        + _TAB_TO_STAY[traffic.tab]
    )
    return Truth(ctr=_sigmoid(ctr), cvr=_sigmoid(cvr))


def draw_outcomes(chance: np.random.Generator, truth: Truth) -> Outcomes:
    """Lets chance decide what happens."""
    count = len(truth.ctr)
    clicked = chance.random(count) < truth.ctr
    mean = truth.cvr
    partly = mean * (1.0 + mean) / (1.0 + mean + mean**2)
    ratio = chance.beta(_CONCENTRATION * partly, _CONCENTRATION * (1.0 - partly))
    ratio[chance.random(count) < mean**3] = 1.0
    return Outcomes(truth=truth, clicked=clicked, watch_ratio=ratio)


def _sigmoid(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))
