"""Events on a line of years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing, length

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 960, 24, 24, 30, 34


@dataclass(frozen=True)
class Happening:
    """Something that lasted from one year to another (the same for a moment)."""

    first: int
    last: int
    label: str
    href: str
    doubtful: bool = False


def draw(happenings: Sequence[Happening], title: str, description: str) -> Markup:
    """Return the drawing, or nothing when nothing has a date."""
    if not happenings:
        return Markup("")
    begin = min(h.first for h in happenings)
    end = max(h.last for h in happenings) + 1
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if (end - begin) / s <= 14)
    begin, end = begin // step * step, -(-end // step) * step
    scale = (_WIDTH - _LEFT - _RIGHT) / (end - begin)

    def x(year: float) -> float:
        return _LEFT + (year - begin) * scale

    rows: list[float] = []
    placed = []
    for one in sorted(happenings, key=lambda h: (h.first, h.last, h.label)):
        start, stop = x(one.first), x(one.last + 1)
        need = max(stop, start + 14 + min(length(one.label), 400))
        flip = need > _WIDTH and start > _WIDTH / 2
        left = start - min(length(one.label), 400) - 14 if flip else start
        right = stop if flip else need
        row = next((n for n, free in enumerate(rows) if free <= left), len(rows))
        if row == len(rows):
            rows.append(0)
        rows[row] = right + 10
        placed.append((one, start, max(stop, start + 8), row, flip))
    height = _TOP + len(rows) * _ROW + 12
    drawing = Drawing(_WIDTH, height, title, description, "timeline")
    for year in range(begin, end + 1, step):
        drawing.add("path", d=f"M{x(year):.1f} 24V{height - 6}", class_="tick")
        drawing.text(x(year), 10, str(year), class_="label quiet")
    for one, start, stop, row, flip in placed:
        y = _TOP + row * _ROW + _ROW / 2
        group = drawing.link(one.href)
        drawing.add("title", group).text = one.label
        style = "bar doubtful" if one.doubtful else "bar"
        drawing.add(
            "rect", group, x=start, y=y - 10, width=stop - start, height=6, rx=3, class_=style
        )
        place, anchor = (stop, "end") if flip else (start, "start")
        drawing.text(place, y + 7, _fit(one.label), inside=group, anchor=anchor)
    return drawing.markup()


def _fit(label: str) -> str:
    while length(label) > 400:
        label = label[: -max(2, len(label) // 20)].rstrip() + "…"
    return label
