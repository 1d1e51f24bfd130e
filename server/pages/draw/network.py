"""Things and the ties between them: what hangs together on a ring of its own.

The same answer always gives the same drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing

Node = tuple[str, str]
Place = tuple[float, float]

#: Three lines of 25 letters: the names of units in the catalogue's answers have up to 60.
_BOX, _HIGH, _LINES = 196, 64, 3
#: From one box to the next, with room for arrows between them.
_ACROSS, _DOWN = _BOX + 36, _HIGH + 44
_WIDTH, _APART, _EDGE = 1120, 48, 12


@dataclass(frozen=True)
class Tie:
    """A line from one thing (name, address) to another; `href` leads to its claim."""

    start: Node
    end: Node
    tip: str = ""
    href: str = ""
    dotted: bool = False


def draw(ties: Sequence[Tie], title: str, description: str) -> Markup:
    """Return the drawing, or nothing when there are no ties."""
    if not ties:
        return Markup("")
    place, centre, width, height = _places(_rings(ties))
    drawing = Drawing(width, height, title, description, "network")
    drawn: set[Tie] = set()
    for tie in ties:
        back = next((t for t in ties if (t.start, t.end) == (tie.end, tie.start)), None)
        same = back is not None and (back.href, back.dotted) == (tie.href, tie.dotted)
        if tie.start != tie.end and not (same and back in drawn):
            drawn.add(tie)
            path = _path(place[tie.start], place[tie.end], centre[tie.start], both=same)
            style = "flow horizontal" if tie.dotted else "flow"
            drawing.line(path, style, tip=tie.tip, href=tie.href, both=same)
    for node, (x, y) in place.items():
        drawing.box(x, y, _BOX, _HIGH, node[0], href=node[1], tip=node[0], lines=_LINES)
    return drawing.markup()


def _rings(ties: Sequence[Tie]) -> list[list[Node]]:
    """Return the things in groups between which there are no ties, in the order of the ties."""
    group: dict[Node, list[Node]] = {}
    for tie in ties:
        one = group.setdefault(tie.start, [tie.start])
        other = group.setdefault(tie.end, [tie.end])
        if one is not other:
            one.extend(other)
            group.update(dict.fromkeys(other, one))
    return list({id(ring): ring for ring in group.values()}.values())


def _places(
    rings: Sequence[list[Node]],
) -> tuple[dict[Node, Place], dict[Node, Place], float, float]:
    """Return where each thing is, the middle of its ring, and how large all is together."""
    place: dict[Node, Place] = {}
    centre: dict[Node, Place] = {}
    x = y = row = width = 0.0
    for ring in rings:
        wide, high, spots = _ring(len(ring))
        if x and x + wide > _WIDTH:
            x, y, row = 0.0, y + row + _APART, 0.0
        middle = (x + wide / 2 + _EDGE, y + high / 2 + _EDGE)
        for node, (dx, dy) in zip(ring, spots, strict=True):
            place[node] = (middle[0] + dx, middle[1] + dy)
            centre[node] = middle
        x, row = x + wide + _APART, max(row, high)
        width = max(width, x - _APART)
    return place, centre, width + 2 * _EDGE, y + row + 2 * _EDGE


def _ring(number: int) -> tuple[float, float, list[Place]]:
    """Return the size of a ring of boxes that do not touch, and their places around its middle."""
    side = max(1, round(number / 4.5))
    top = math.ceil((number - 2 * side) / 2) if number > 1 else 0
    right, bottom = min(side, number - top), max(number - top - 2 * side, 0)
    left = number - top - right - bottom
    out = max(top - 1, 0) / 2 * _ACROSS + _ACROSS * 0.7
    high = (side + 1) / 2 * _DOWN if top else 0.0

    def line(count: int, pitch: float) -> list[float]:
        return [(n - (count - 1) / 2) * pitch for n in range(count)]

    spots = [(dx, -high) for dx in line(top, _ACROSS)]
    spots += [(out, dy) for dy in line(right, _DOWN)]
    spots += [(-dx, high) for dx in line(bottom, _ACROSS)]
    spots += [(-out, -dy) for dy in line(left, _DOWN)]
    tall = max([abs(dy) for _, dy in spots], default=0)
    return 2 * out + _BOX, 2 * tall + _HIGH, spots


def _path(a: Place, b: Place, middle: Place, *, both: bool) -> str:
    """Return a curve that bends to the ring's middle, from the border of a box to another's."""
    bend = ((a[0] + b[0]) / 4 + middle[0] / 2, (a[1] + b[1]) / 4 + middle[1] / 2)
    (x, y), (u, v) = _border(a, bend, 3 if both else 0), _border(b, bend, 3)
    return f"M{x:.1f} {y:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {u:.1f} {v:.1f}"


def _border(box: Place, towards: Place, gap: float) -> Place:
    """Return where the line from a box's middle leaves the box, `gap` outside it."""
    dx, dy = towards[0] - box[0], towards[1] - box[1]
    reach = min(
        (_BOX / 2 + gap) / abs(dx) if dx else math.inf,
        (_HIGH / 2 + gap) / abs(dy) if dy else math.inf,
        1,
    )
    return box[0] + dx * reach, box[1] + dy * reach
