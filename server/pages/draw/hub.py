"""A firm's units around its hub, and the knowledge that flows between them.

Drawn as in Figure 1 of fu2018: vertical flows (between hub and spoke) are solid lines, horizontal
ones (between spokes) dotted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing

_WIDTH, _HEIGHT = 860, 480
_BOX = (158, 58)


@dataclass(frozen=True)
class Node:
    """A unit: `former` when it left the firm."""

    iri: str
    label: str
    href: str
    former: bool = False


@dataclass(frozen=True)
class Flow:
    """Knowledge going from one unit to another."""

    source: str
    target: str
    kind: str
    tip: str
    href: str
    doubtful: bool = False


def draw(
    hub: Node, spokes: Sequence[Node], flows: Sequence[Flow], title: str, description: str
) -> Markup:
    """Return the drawing; with one unit only there is nothing to draw."""
    if not spokes:
        return Markup("")
    tall = _HEIGHT + 34 * max(0, len(spokes) - 9)
    middle = (_WIDTH / 2, tall / 2)
    drawing = Drawing(_WIDTH, tall, title, description, "hub")
    places = {hub.iri: middle}
    for n, spoke in enumerate(spokes):
        angle = 2 * pi * n / len(spokes) - pi / 2
        places[spoke.iri] = (
            middle[0] + (_WIDTH / 2 - _BOX[0] / 2 - 8) * cos(angle),
            middle[1] + (tall / 2 - _BOX[1] / 2 - 8) * sin(angle),
        )
    joined = {frozenset((f.source, f.target)) for f in flows}
    for spoke in spokes:
        if frozenset((hub.iri, spoke.iri)) not in joined:
            (x, y), (u, v) = middle, places[spoke.iri]
            drawing.add("path", d=f"M{x:g} {y:g}L{u:g} {v:g}", class_="tie")
    seen: dict[tuple[str, str], int] = {}
    for flow in flows:
        if flow.source in places and flow.target in places and flow.source != flow.target:
            pair = (flow.source, flow.target)
            seen[pair] = seen.get(pair, 0) + 1
            bend = 14 + 16 * (seen[pair] - 1)
            path = _curve(places[flow.source], places[flow.target], bend)
            doubt = " doubtful" if flow.doubtful else ""
            drawing.line(path, f"flow {flow.kind}{doubt}", tip=flow.tip, href=flow.href)
    for spoke in spokes:
        x, y = places[spoke.iri]
        style = "box former" if spoke.former else "box"
        drawing.box(
            x, y, *_BOX, spoke.label, href=spoke.href, class_=style, tip=spoke.label, lines=3
        )
    drawing.box(*middle, *_BOX, hub.label, href=hub.href, class_="box centre", lines=2)
    return drawing.markup()


def _curve(start: tuple[float, float], end: tuple[float, float], bend: float) -> str:
    """Return a bent line from the edge of one box to the edge of another."""
    (x, y), (u, v) = _edge(start, end), _edge(end, start)
    long = hypot(u - x, v - y) or 1.0
    cx = (x + u) / 2 - (v - y) / long * bend
    cy = (y + v) / 2 + (u - x) / long * bend
    return f"M{x:.1f} {y:.1f}Q{cx:.1f} {cy:.1f} {u:.1f} {v:.1f}"


def _edge(inside: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Return where the line from a box's middle leaves the box (a little outside)."""
    dx, dy = towards[0] - inside[0], towards[1] - inside[1]
    half = (_BOX[0] / 2 + 6, _BOX[1] / 2 + 6)
    scale = min(half[0] / abs(dx) if dx else 9e9, half[1] / abs(dy) if dy else 9e9, 1.0)
    return inside[0] + dx * scale, inside[1] + dy * scale
