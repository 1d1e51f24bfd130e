"""Things and the ties between them, on a circle: the same answer always gives the same drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing

_BOX, _HIGH = 150, 44


@dataclass(frozen=True)
class Tie:
    """A line from one thing (name, address) to another."""

    start: tuple[str, str]
    end: tuple[str, str]
    tip: str = ""


def draw(ties: Sequence[Tie], title: str, description: str) -> Markup:
    """Return the drawing, or nothing when there are no ties."""
    nodes = list(dict.fromkeys(n for tie in ties for n in (tie.start, tie.end)))
    if not nodes:
        return Markup("")
    # Boxes on the circle must not touch: its length is the boxes' with room between them.
    radius = max(130.0, len(nodes) * (_BOX * 0.62) / (2 * math.pi))
    wide, high = radius * 1.35, radius
    width, height = 2 * wide + _BOX + 24, 2 * high + _HIGH + 24
    drawing = Drawing(width, height, title, description, "network")
    place = {}
    for n, node in enumerate(nodes):
        turn = 2 * math.pi * n / len(nodes) - math.pi / 2
        place[node] = (width / 2 + wide * math.cos(turn), height / 2 + high * math.sin(turn))
    for tie in ties:
        if tie.start != tie.end:
            drawing.line(
                _path(place[tie.start], place[tie.end], width, height), "flow", tip=tie.tip
            )
    for node, (x, y) in place.items():
        drawing.box(x, y, _BOX, _HIGH, node[0], href=node[1], lines=2)
    return drawing.markup()


def _path(a: tuple[float, float], b: tuple[float, float], width: float, height: float) -> str:
    """Return a curve that bends to the middle and ends at the border of the box at `b`."""
    bend = ((a[0] + b[0]) / 4 + width / 4, (a[1] + b[1]) / 4 + height / 4)
    dx, dy = bend[0] - b[0], bend[1] - b[1]
    reach = min(
        (_BOX / 2 + 3) / abs(dx) if dx else math.inf,
        (_HIGH / 2 + 3) / abs(dy) if dy else math.inf,
        1,
    )
    end = (b[0] + dx * reach, b[1] + dy * reach)
    return f"M{a[0]:.1f} {a[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
