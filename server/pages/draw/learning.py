"""What a firm learned: ways of learning on the left, the capabilities they built on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing

_WIDTH, _BOX, _LEFT, _RIGHT, _GAP = 860, 44, 230, 330, 12


@dataclass(frozen=True)
class Lesson:
    """One tie: learned by `way`, which built `capability`; each is (id, label, address)."""

    way: tuple[str, str, str]
    capability: tuple[str, str, str]
    tip: str
    doubtful: bool = False


def draw(lessons: Sequence[Lesson], title: str, description: str) -> Markup:
    """Return the drawing, or nothing when no capability is tied to a way of learning."""
    if not lessons:
        return Markup("")
    ways = list(dict.fromkeys(lesson.way for lesson in lessons))
    ordered = sorted(lessons, key=lambda lesson: ways.index(lesson.way))
    capabilities = list(dict.fromkeys(lesson.capability for lesson in ordered))
    rows = max(len(ways), len(capabilities))
    height = rows * (_BOX + _GAP) + _GAP
    drawing = Drawing(_WIDTH, height, title, description, "learning")

    def places(items: list[tuple[str, str, str]]) -> dict[str, float]:
        step = height / len(items)
        return {item[0]: step * (n + 0.5) for n, item in enumerate(items)}

    left, right = places(ways), places(capabilities)
    for lesson in ordered:
        a, b = left[lesson.way[0]], right[lesson.capability[0]]
        start, stop = _LEFT + 4, _WIDTH - _RIGHT - 5
        middle = (start + stop) / 2
        way = f"way{ways.index(lesson.way) % 6}" + (" doubtful" if lesson.doubtful else "")
        path = f"M{start} {a:.1f}C{middle} {a:.1f} {middle} {b:.1f} {stop} {b:.1f}"
        drawing.line(path, f"flow {way}", tip=lesson.tip)
    for way_ in ways:
        drawing.box(_LEFT / 2 + 2, left[way_[0]], _LEFT, _BOX, way_[1], href=way_[2], lines=2)
    for cap in capabilities:
        drawing.box(
            _WIDTH - _RIGHT / 2 - 2, right[cap[0]], _RIGHT, _BOX, cap[1], href=cap[2], lines=2
        )
    return drawing.markup()
