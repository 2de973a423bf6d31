"""Figures that belong to the page: inline SVG in its fonts and colours, in light and dark."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Stand-ins that matplotlib can draw with, and what the page's style sheet makes of them.
INK, MUTED, LINE = "#010203", "#040506", "#070809"
_THEME = {INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)"}

_ALONE = {
    "--ink": "#1c2430",
    "--muted": "#667080",
    "--line": "#dde1e7",
    "--font": "system-ui, sans-serif",
}
"""What a file of its own has in place of the style sheet's variables."""

COLOURS = ("#3b78c4", "#d97a1e", "#2a9d8f", "#8e5bd0", "#c2476b", "#7a8b2f")
"""One a task, in the tasks' order, on the whole page; legible on white and on black."""

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lt4rec",
    "text.parse_math": False,
    "font.size": 11,
    "text.color": INK,
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
}


def colour(place: int) -> str:
    """Returns the colour of the task at `place`."""
    return COLOURS[place % len(COLOURS)]


def draw(
    plot: Callable[[Axes], None], *, name: str, label: str, width: int = 420, height: int = 280
) -> Markup:
    """Lets `plot` draw on one pair of axes and returns the figure as inline SVG.

    The same plot gives the same bytes. `name` must be unique on the page, `label` is
    read to those who can't see; width and height are CSS pixels at full size.
    """
    return draw_beside([plot], name=name, label=label, width=width, height=height)


def draw_beside(
    plots: Sequence[Callable[[Axes], None]], *, name: str, label: str, width: int, height: int
) -> Markup:
    """Lets each of `plots` draw on axes of its own, from left to right; as `draw`."""
    with _matplotlib():
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
            row = figure.subplots(1, len(plots), squeeze=False)[0]
            for plot, axes in zip(plots, row, strict=True):
                plot(axes)
            text = StringIO()
            with warnings.catch_warnings():
                # The browser has the fonts that the machine that draws may lack.
                warnings.filterwarnings("ignore", message="Glyph .* missing from")
                figure.savefig(text, format="svg", metadata={"Date": None}, facecolor="none")
    return _inline(text.getvalue(), name, label, width)


def standalone(drawing: Markup) -> str:
    """Returns a drawing as a whole SVG file, in the page's colours on white."""
    text = str(drawing)
    for variable, value in _ALONE.items():
        text = text.replace(f"var({variable})", value)
    sizes = re.search(r'viewBox="0 0 (\S+) (\S+)"', text)
    size = f'width="{sizes[1]}" height="{sizes[2]}" ' if sizes else ""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
    whole = text.replace("<svg ", head, 1).replace('style="', 'style="background:#ffffff;', 1)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{whole}\n'


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Keeps matplotlib's font cache out of the user's home, unless a place is configured."""
    if "MPLCONFIGDIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MPLCONFIGDIR"] = folder
        try:
            yield
        finally:
            del os.environ["MPLCONFIGDIR"]


def _inline(svg: str, name: str, label: str, width: int) -> Markup:
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    # Ids must be unique on a page that holds many figures.
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    body = re.sub(r'(font: [^;"]*?px) [^;"]+', r"\1 var(--font)", body)
    for stand_in, variable in _THEME.items():
        body = body.replace(stand_in, variable)
    view = re.search(r'viewBox="[^"]*"', body)
    head = (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {view.group(0) if view else ""} '
        f'role="img" aria-label="{escape(label)}" style="max-width:{width}px">'
    )
    return Markup(head + body[body.index(">") + 1 :].strip())  # noqa: S704 - matplotlib escapes
