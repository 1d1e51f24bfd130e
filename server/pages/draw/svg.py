"""Making SVG: elements with escaped text, arrows, and lines of text that fit."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

from markupsafe import Markup

#: Width of a letter at 14 px in the system fonts, measured in Chromium; wide letters take two.
LETTER = 7.2


class Drawing:
    """An SVG drawing. Colours and lines come from classes of the style sheet (svg.css)."""

    def __init__(self, width: float, height: float, title: str, description: str, id_: str) -> None:
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "height": f"{height:g}",
                "class": f"drawing {id_}",
                # no role img: the links inside stay reachable
                "role": "group",
                "aria-labelledby": f"{id_}-t {id_}-d",
            },
        )
        self._id = id_
        ET.SubElement(self.root, "title", {"id": f"{id_}-t"}).text = title
        ET.SubElement(self.root, "desc", {"id": f"{id_}-d"}).text = description
        self._arrow()

    def _arrow(self) -> None:
        definitions = ET.SubElement(self.root, "defs")
        marker = ET.SubElement(
            definitions,
            "marker",
            {
                "id": f"{self._id}-arrow", "viewBox": "0 0 10 10", "refX": "9", "refY": "5",
                "markerWidth": "7", "markerHeight": "7", "orient": "auto-start-reverse",
            },
        )  # fmt: skip
        ET.SubElement(marker, "path", {"d": "M0 0L10 5L0 10z", "class": "head"})

    def add(self, tag: str, inside: ET.Element | None = None, **attributes: object) -> ET.Element:
        """Add an element; `class_` is its class, and numbers lose needless digits."""
        given = {k.rstrip("_").replace("_", "-"): _text(v) for k, v in attributes.items()}
        return ET.SubElement(self.root if inside is None else inside, tag, given)

    def link(self, href: str, inside: ET.Element | None = None) -> ET.Element:
        """Add a link to be filled, or a group when there is no address."""
        return self.add("a", inside, href=href) if href else self.add("g", inside)

    def text(
        self, x: float, y: float, said: str, *, inside: ET.Element | None = None,
        anchor: str = "middle", class_: str = "label", width: float = 0, lines: int = 3,
    ) -> None:  # fmt: skip
        """Add text centred on (x, y), broken to `width` over at most `lines` lines."""
        broken = wrap(said, width, lines) if width else [said]
        top = y - (len(broken) - 1) * 8 + 5
        for n, line in enumerate(broken):
            self.add(
                "text", inside, x=x, y=top + n * 16, text_anchor=anchor, class_=class_
            ).text = line

    def box(
        self, x: float, y: float, width: float, height: float, said: str, *, href: str = "",
        class_: str = "box", tip: str = "", lines: int = 3,
    ) -> ET.Element:  # fmt: skip
        """Add a box centred on (x, y) with its text, a link where there is an address."""
        group = self.link(href)
        if tip:
            self.add("title", group).text = tip
        self.add(
            "rect", group, x=x - width / 2, y=y - height / 2, width=width, height=height, rx=6,
            class_=class_,
        )  # fmt: skip
        self.text(x, y, said, inside=group, width=width - 12, lines=lines)
        return group

    def line(
        self, path: str, class_: str, *, tip: str = "", href: str = "", both: bool = False
    ) -> None:
        """Add a line with an arrow at its end (and its start, with `both`)."""
        group = self.link(href)
        if tip:
            self.add("title", group).text = tip
        ends = {"marker_end": f"url(#{self._id}-arrow)"}
        if both:
            ends["marker_start"] = f"url(#{self._id}-arrow)"
        self.add("path", group, d=path, class_=class_, **ends)

    def markup(self) -> Markup:
        """Return the drawing as markup; ElementTree has escaped all text and attributes."""
        return Markup(ET.tostring(self.root, encoding="unicode"))  # noqa: S704


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def length(said: str) -> float:
    """Return about how wide a text is at 14 px."""
    if said.isascii():  # nearly all: one by one, letters took a tenth of a firm's page
        return LETTER * len(said)
    return sum(LETTER * (2 if unicodedata.east_asian_width(c) in "WF" else 1) for c in said)


def wrap(said: str, width: float, lines: int) -> list[str]:
    """Break a text into at most `lines` lines of `width`; what is left over becomes an ellipsis."""
    words = said.split(" ") if " " in said else [said]
    broken: list[str] = [""]
    for word in words:
        joined = f"{broken[-1]} {word}".strip()
        if length(joined) <= width or not broken[-1]:
            broken[-1] = joined
        else:
            broken.append(word)
    cut = [part for line in broken for part in _pieces(line, width)]
    if len(cut) > lines:
        last = cut[lines - 1]
        while last and length(last + "…") > width:
            last = last[:-1]
        cut = [*cut[: lines - 1], last.rstrip() + "…"]
    return cut


def _pieces(line: str, width: float) -> list[str]:
    """Break a word (or Chinese text, which has no blanks) that is wider than a line."""
    if length(line) <= width:
        return [line]
    pieces = [""]
    for sign in line:
        if length(pieces[-1] + sign) > width and pieces[-1]:
            pieces.append("")
        pieces[-1] += sign
    return pieces
