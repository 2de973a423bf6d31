"""The report's plots: pruning, losses, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from lt4rec_core.report.figure import INK, MUTED, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def pruning_curve(
    rounds: Sequence[Mapping[str, Any]], chosen: int, *, name: str, colour: str
) -> Markup:
    """Draws the validation metric against the share of weights left (paper, Fig. 3).

    Density falls from left to right, as in the paper. Round 0, dense, is hollow; the
    chosen round wears a ring.
    """
    metric = str(rounds[0]["metric"])

    def plot(axes: Axes) -> None:
        shares = [100 * entry["density"] for entry in rounds]
        values = [entry["value"] for entry in rounds]
        axes.axhline(values[0], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        axes.plot(shares, values, color=colour, linewidth=2)
        for entry, share, value in zip(rounds, shares, values, strict=True):
            hollow = entry["round"] == 0
            fill = "none" if hollow else colour
            axes.plot(share, value, "o", color=colour, markersize=7, markerfacecolor=fill)
            if entry["round"] == chosen:
                axes.plot(
                    share,
                    value,
                    "o",
                    color=INK,
                    markersize=14,
                    markerfacecolor="none",
                    markeredgewidth=1.6,
                )
            axes.annotate(
                "dense" if hollow else str(entry["round"]),
                (share, value),
                (0, 13),
                textcoords="offset points",
                ha="center",
                fontsize=10,
                color=MUTED,
            )
        axes.margins(x=0.08, y=0.25)
        axes.invert_xaxis()
        axes.set_xlabel("share of weights left, %")
        axes.set_ylabel(f"validation {metric}")

    label = f"Validation {metric} of each pruning round against the share of weights left"
    return draw(plot, name=name, label=label, width=520, height=320)


def loss_curve(
    points: Sequence[tuple[float, float]], *, rounds: bool, name: str, label: str, colour: str
) -> Markup:
    """Draws one quantity along a stage; `rounds` says that x counts pruning rounds trained."""

    def plot(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        steps, values = zip(*points, strict=True)
        marker = "." if len(points) < 25 else ""
        axes.plot(steps, values, color=colour, linewidth=1.6, marker=marker)
        axes.set_xlabel("rounds trained" if rounds else "step")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))

    return draw(plot, name=name, label=label, width=320, height=190)


def calibration_plot(
    curves: Mapping[str, Sequence[Mapping[str, float]]], *, name: str, label: str, colour: str
) -> Markup:
    """Draws observed against predicted means, bin by bin: the model's over the baseline's."""

    def plot(axes: Axes) -> None:
        ends = [
            bin_[side]
            for bins in curves.values()
            for bin_ in bins
            for side in ("predicted", "observed")
        ]
        low, high = min(ends), max(ends)
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        styles = {"single_task": (MUTED, "single task", 1.4), "model": (colour, "model", 2.0)}
        for model, (tint, said, width) in styles.items():
            if curves.get(model):
                axes.plot(
                    [bin_["predicted"] for bin_ in curves[model]],
                    [bin_["observed"] for bin_ in curves[model]],
                    color=tint,
                    label=said,
                    linewidth=width,
                    marker="o",
                    markersize=4,
                )
        axes.set_xlabel("mean prediction")
        axes.set_ylabel("mean label")
        axes.legend(loc="upper left")

    return draw(plot, name=name, label=label, width=380, height=340)
