"""The gain of every arm with its interval, one task a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from lt4rec_core.report.figure import MUTED, colour, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def gains_plot(task: str, judged: Mapping[str, Any], *, name: str, place: int) -> Markup | None:
    """Draws each arm's MTL gain in `task` over zero; None where no arm has one."""
    gains = {arm: about["mtl_gain"] for arm, about in judged["arms"].items() if "mtl_gain" in about}
    if not gains:
        return None

    def plot(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=1)
        for height, gain in enumerate(reversed(gains.values())):
            if "low" in gain:
                axes.plot(
                    [gain["low"], gain["high"]], [height] * 2, color=colour(place), linewidth=2
                )
            axes.plot(gain["by_seed"], [height] * len(gain["by_seed"]), "|", color=MUTED)
            axes.plot([gain["mean"]], [height], "o", color=colour(place), markersize=6)
        axes.set_yticks(range(len(gains)), list(reversed(gains)))
        axes.set_ylim(-0.6, len(gains) - 0.4)
        axes.set_xlabel(f"MTL gain in {task} {judged['metric']}; right is better")
        axes.locator_params(axis="x", nbins=5)

    label = f"MTL gain of each arm in {task}, mean, interval and single seeds"
    return draw(plot, name=name, label=label, width=520, height=90 + 30 * len(gains))
