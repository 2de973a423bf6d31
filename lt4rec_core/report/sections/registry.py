"""All sections of a comparison's report, in the order in which they are read."""

from __future__ import annotations

from lt4rec_core.report.sections import (
    ablations,
    arms,
    benefit,
    curve,
    masks,
    sharing,
    size,
    worlds,
)
from lt4rec_core.report.sections.section import Make

SECTIONS: dict[str, Make] = {
    "arms": arms.section,
    "worlds": worlds.section,
    "curve": curve.section,
    "benefit": benefit.section,
    "sharing": sharing.section,
    "masks": masks.section,
    "ablations": ablations.section,
    "size": size.section,
}
"""By the anchor that the page gives them."""
