"""The picture of the main paths as an image, for paper and for browsers without scripts."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

COLUMN: Final = 2.3
"""Inches between two columns; ``ROW`` between two nodes of one."""
ROW: Final = 0.62
_NARROWEST: Final = 6.5
_LOWEST: Final = 2.4
_GOAL: Final = "#9f1420"
_INK: Final = "#1c2733"
_LINE: Final = "#6d7a88"


class Dot(NamedTuple):
    """A node. ``x``, ``y``: between 0 and 1, y downwards; ``corners``: its shape, as y."""

    x: float
    y: float
    label: str
    colour: str
    corners: tuple[tuple[float, float], ...]
    is_goal: bool


class Arrow(NamedTuple):
    """An edge between the places of two dots; ``number``: that of its proof."""

    source: int
    target: int
    label: str
    number: int


def figure(dots: Sequence[Dot], arrows: Sequence[Arrow]) -> str:
    """An SVG in a data address, always the same for the same picture.

    Labels are plain text, never markup. matplotlib is loaded only here: it takes a second, and few commands draw.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    columns = Counter(dot.x for dot in dots)
    width = max(_NARROWEST, COLUMN * len(columns))
    height = max(_LOWEST, ROW * max(columns.values(), default=1) + 0.4)
    target = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "adaudit", "text.parse_math": False}):
        drawing = Figure(figsize=(width, height))
        FigureCanvasSVG(drawing)
        axes = drawing.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        margin = COLUMN / 2.2
        places = [(margin + dot.x * (width - 2 * margin), 0.05 + dot.y * (height - 0.35)) for dot in dots]
        for arrow in arrows:
            start, end = places[arrow.source], places[arrow.target]
            axes.annotate(
                "",
                xy=end,
                xytext=start,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": _LINE,
                    "linewidth": 0.8,
                    "shrinkA": 9,
                    "shrinkB": 10,
                    "connectionstyle": "arc3,rad=0.06",
                },
            )
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
            text = f"{arrow.label} [{arrow.number}]"
            axes.text(*middle, text, fontsize=5.5, color="#51606f", ha="center", va="bottom")
        for dot, (x, y) in zip(dots, places, strict=True):
            axes.plot(
                x,
                y,
                marker=[(across, -down) for across, down in dot.corners],
                markersize=13,
                color=dot.colour,
                markeredgecolor=_GOAL if dot.is_goal else dot.colour,
                markeredgewidth=2.4 if dot.is_goal else 0.5,
            )
            weight = "bold" if dot.is_goal else "normal"
            axes.text(x, y + 0.13, dot.label, fontsize=7, color=_INK, ha="center", va="top", weight=weight)
        drawing.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(target.getvalue()).decode()}"
