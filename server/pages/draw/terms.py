"""The neighbourhood of a term: what is broader above it, what is narrower below."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing

Item = tuple[str, str]
_WIDE, _HIGH, _GAP = 168, 44, 14
_COLUMNS = 5


def draw(
    above: Sequence[Item], term: Item, below: Sequence[Item], title: str, description: str
) -> Markup:
    """Return the drawing; items are (label, address). Nothing when the term stands alone."""
    if not above and not below:
        return Markup("")
    rows = [above[i : i + _COLUMNS] for i in range(0, len(above), _COLUMNS)]
    lower = [below[i : i + _COLUMNS] for i in range(0, len(below), _COLUMNS)]
    widest = max((len(r) for r in [*rows, *lower]), default=1)
    width = max(widest * (_WIDE + _GAP) + _GAP, 260)
    height = (len(rows) + len(lower) + 1) * (_HIGH + 34)
    drawing = Drawing(width, height, title, description, "terms")
    y = _HIGH / 2 + 8
    for row in rows:
        _row(drawing, row, width, y)
        y += _HIGH + 34
    middle = y
    if rows:
        drawing.line(f"M{width / 2:g} {y - _HIGH / 2:g}V{y - _HIGH / 2 - 30:g}", "flow")
    drawing.box(
        width / 2, y, _WIDE + 30, _HIGH, term[0], href=term[1], class_="box centre", lines=2
    )
    for row in lower:
        y += _HIGH + 34
        _row(drawing, row, width, y)
    if lower:
        drawing.line(
            f"M{width / 2:g} {middle + _HIGH / 2 + 30:g}V{middle + _HIGH / 2 + 2:g}", "flow"
        )
    return drawing.markup()


def _row(drawing: Drawing, items: Sequence[Item], width: float, y: float) -> None:
    left = (width - len(items) * (_WIDE + _GAP) + _GAP) / 2
    for n, (label, address) in enumerate(items):
        x = left + n * (_WIDE + _GAP) + _WIDE / 2
        drawing.box(x, y, _WIDE, _HIGH, label, href=address, lines=2)
