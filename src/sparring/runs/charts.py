"""Drawings as SVG that lies within a page, so that it opens anywhere, with no network."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def svg(draw: Callable[["Figure"], None], width: float, height: float) -> Markup:
    """A drawing from what fills an empty figure; the same numbers give the same bytes.

    Args:
        draw: puts axes and lines into the figure.
        width: inches; a page scales it.
        height: inches.
    """
    # half a second of import that only a page needs
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "sparring", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        for axes in figure.axes:
            axes.grid(alpha=0.25)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    # matplotlib's own text, not a user's: names in it come from the code
    return Markup(text[text.index("<svg") :])
