"""Numbers as bars, one a row."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from catchup.server.pages.draw.svg import Drawing, length, wrap

_WIDTH, _ROW, _LABEL = 960, 26, 340


def draw(bars: Sequence[tuple[str, float, str]], title: str, description: str) -> Markup:
    """Return bars of (label, value, address), or nothing when no value is above zero."""
    most = max((value for _, value, _ in bars), default=0)
    if most <= 0:
        return Markup("")
    left = min(_LABEL, max(length(label) for label, _, _ in bars) + 20)
    drawing = Drawing(_WIDTH, len(bars) * _ROW + 16, title, description, "bars")
    scale = (_WIDTH - left - 90) / most
    for n, (label, value, href) in enumerate(bars):
        y = 8 + n * _ROW
        group = drawing.link(href)
        drawing.add("title", group).text = f"{label}: {value:g}"
        shown = wrap(label, left - 12, 1)[0]
        drawing.text(left - 8, y + 9, shown, inside=group, anchor="end")
        wide = max(value, 0) * scale
        drawing.add("rect", group, x=left, y=y, width=wide, height=18, rx=3, class_="bar")
        drawing.text(left + wide + 6, y + 9, f"{value:g}", inside=group, anchor="start")
    return drawing.markup()
