"""The three mechanisms and the two stages, as a picture that is also a way into the theory."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from catchup.kg.names import CUV
from catchup.server.pages.draw.svg import Drawing
from catchup.server.pages.facts import href

_PARTS = {
    "learning": ("customers", "cooperation", "hostCountry"),
    "sharing": ("verticalSharing", "horizontalSharing"),
    "integration": ("leverage", "renew", "release"),
}
_WINDOWS = ("technologyWindow", "demandWindow", "institutionalWindow")
_X = {"learning": 150, "sharing": 450, "integration": 750}


def shown() -> list[str]:
    """Return the IRIs that the drawing names."""
    parts = (part for parts in _PARTS.values() for part in parts)
    return [CUV + name for name in (*_PARTS, *parts, *_WINDOWS, "approaching", "poleVault")]


def draw(
    name: Callable[[str], str], circulates: set[tuple[str, str]], title: str, description: str
) -> Markup:
    """Return the drawing. `name` gives labels; `circulates` the pairs of mechanisms in the data."""
    drawing = Drawing(900, 402, title, description, "mechanisms")
    for mechanism, x in _X.items():
        iri = CUV + mechanism
        drawing.add("rect", x=x - 120, y=8, width=240, height=216, rx=10, class_="field")
        drawing.box(x, 40, 216, 44, name(iri), href=href(iri), class_="box centre", lines=2)
        for n, part in enumerate(_PARTS[mechanism]):
            drawing.box(x, 94 + n * 46, 208, 38, name(CUV + part), href=href(CUV + part), lines=1)
    for one, other in (("learning", "sharing"), ("sharing", "integration")):
        if (CUV + one, CUV + other) in circulates:
            path = f"M{_X[one] + 122} 40H{_X[other] - 122}"
            drawing.line(path, "flow", both=(CUV + other, CUV + one) in circulates)
    stages = ((CUV + "approaching", 150), (CUV + "poleVault", 750))
    for stage, x in stages:
        drawing.box(x, 316, 240, 60, name(stage), href=href(stage), class_="box centre", lines=2)
    drawing.line("M274 316H626", "flow")
    for n, window in enumerate(_WINDOWS):
        drawing.box(
            450, 268 + n * 48, 200, 38, name(CUV + window), href=href(CUV + window), lines=1
        )
    return drawing.markup()
