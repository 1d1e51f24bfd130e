"""Which picture the answer to a query has: a timeline, bars, a flow or a network."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from markupsafe import Markup

from catchup.kg.names import BASE, XSD
from catchup.server.pages.draw import bars, learning, network, timeline
from catchup.server.pages.facts import href

Binding = dict[str, dict[str, str]]
Name = Callable[[str], str]
_NUMBERS = {XSD + t for t in ("integer", "decimal", "double", "float")}
_YEAR = re.compile(r"(1[5-9]|20)\d\d")
#: Columns that hold years, by name; both may be there.
_START, _END = ("start", "year", "began", "from_year"), ("end",)
_FROM, _TO = ("from", "subject", "mechanism", "start_node"), ("to", "object", "circulatesWith")
#: What tells flows between spokes, drawn dotted as in Figure 1 of fu2018; it needs no words.
_HORIZONTAL = (("line", "dotted"), ("vertical", "false"))
_UNSAID = ("claim", "line", "vertical")
#: More of them make a picture that says less than the table.
_BARS, _TIES, _HAPPENINGS, _SIDE = 40, 60, 60, 16


@dataclass(frozen=True)
class Picture:
    """A picture of an answer: what it is called, and the SVG."""

    title: str
    drawing: Markup


def pictures(columns: Sequence[str], rows: Sequence[Binding], name: Name) -> list[Picture]:
    """Return the pictures that an answer has: at most one."""
    for make in (_timeline, _network, _flow, _bars):
        if rows and (made := make(columns, rows, name)):
            return [made]
    return []


def _said(term: dict[str, str] | None, name: Name) -> str:
    if term is None:
        return ""
    return name(term["value"]) if term["type"] == "uri" else term["value"]


def _address(term: dict[str, str] | None) -> str:
    return href(term["value"]) if term and term["type"] == "uri" else ""


def _timeline(columns: Sequence[str], rows: Sequence[Binding], name: Name) -> Picture | None:
    start = next((c for c in _START if c in columns), None)
    if start is None:
        return None
    end = next((c for c in _END if c in columns), start)
    words = [
        c for c in columns if c not in (*_START, *_END, "month", "claim", "qualifier", "printed")
    ]
    if "says" in columns:
        words = ["says"]
    found: dict[tuple[int, int, str], timeline.Happening] = {}
    for row in rows:
        years = [
            int(row[c]["value"])
            for c in (start, end)
            if c in row and _YEAR.fullmatch(row[c]["value"])
        ]
        label = ", ".join(t for c in words[:2] if (t := _said(row.get(c), name)))
        if years and label:
            key = (min(years), max(years), label)
            found.setdefault(key, timeline.Happening(*key, _address(row.get("claim"))))
    if not 2 <= len(found) <= _HAPPENINGS:
        return None
    drawing = timeline.draw(list(found.values()), "Timeline", "The table lists the same rows.")
    return Picture("Timeline", drawing)


def _ends(columns: Sequence[str]) -> tuple[str, str] | None:
    start = next((c for c in _FROM if c in columns), None)
    end = next((c for c in _TO if c in columns), None)
    return (start, end) if start and end else None


def _network(columns: Sequence[str], rows: Sequence[Binding], name: Name) -> Picture | None:
    ends = _ends(columns)
    if ends is None:
        return None
    ties: dict[tuple[tuple[str, str], tuple[str, str]], network.Tie] = {}
    for row in rows:
        a, b = row.get(ends[0]), row.get(ends[1])
        if a and b and _names(a) and _names(b):
            tips = [_said(row.get(c), name) for c in columns if c not in (*ends, *_UNSAID)]
            start, end = (_said(a, name), _address(a)), (_said(b, name), _address(b))
            tie = network.Tie(
                start,
                end,
                ": ".join(filter(None, (f"{start[0]} → {end[0]}", ", ".join(filter(None, tips))))),
                _address(row.get("claim")),
                any(c in row and row[c]["value"] == said for c, said in _HORIZONTAL),
            )
            ties.setdefault((tie.start, tie.end), tie)
    if not 2 <= len(ties) <= _TIES:
        return None
    drawn = list(ties.values())
    title = "Network; dotted: horizontal flows" if any(t.dotted for t in drawn) else "Network"
    return Picture(title, network.draw(drawn, title, "The table lists the same rows."))


def _names(term: dict[str, str]) -> bool:
    """Return whether a term is a thing or the name of one, not a number or a date."""
    return term["type"] == "uri" or (term["type"] == "literal" and "datatype" not in term)


def _flow(columns: Sequence[str], rows: Sequence[Binding], name: Name) -> Picture | None:
    """Draw what leads to what, where two columns of things pair up few with few."""
    things = [
        c
        for c in columns
        if c != "claim"
        and all(r[c]["type"] == "uri" for r in rows if c in r)
        and any(c in r for r in rows)
    ]
    if len(things) < 2:
        return None
    sides = [{r[c]["value"] for r in rows if c in r} for c in things]
    good = [c for c, side in zip(things, sides, strict=True) if 2 <= len(side) <= _SIDE]
    if len(good) < 2:
        return None
    left, right = good[0], good[1]
    lessons = {}
    for row in rows:
        if left in row and right in row:
            a, b = row[left], row[right]
            said = (_said(a, name), _said(b, name))
            lessons[a["value"], b["value"]] = learning.Lesson(
                (a["value"], said[0], _address(a)),
                (b["value"], said[1], _address(b)),
                " → ".join(said),
            )
    if not 2 <= len(lessons) <= _TIES:
        return None
    drawing = learning.draw(list(lessons.values()), "Flow", "The table lists the same rows.")
    return Picture("Flow", drawing)


def _bars(columns: Sequence[str], rows: Sequence[Binding], name: Name) -> Picture | None:
    numbers = [
        c for c in columns if any(c in r and r[c].get("datatype") in _NUMBERS for r in rows)
        and c not in (*_START, *_END, "month", "position")
    ]  # fmt: skip
    words = [c for c in columns if c not in (*numbers, "claim")]
    if not numbers or not words or not 2 <= len(rows) <= _BARS:
        return None
    made = []
    for row in rows:
        label = ", ".join(t for c in words[:3] if (t := _said(row.get(c), name)))
        if numbers[0] in row and label:
            made.append((label, float(row[numbers[0]]["value"]), _address(row.get(words[0]))))
    drawing = bars.draw(made, numbers[0], "The table lists the same rows.")
    return Picture("Bars", drawing) if drawing else None


@cache
def _style(css: str) -> str:
    """Return the rules for drawings with the colours of the light theme in them."""
    root = re.search(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"(--[\w-]+): ([^;]+);", root[1] if root else ""))
    rules = [line for line in css.splitlines() if line.startswith(".drawing")]
    return re.sub(r"var\((--[\w-]+)\)", lambda m: colours.get(m[1], "#000"), "\n".join(rules))


def policy(css: str) -> str:
    """Return the Content-Security-Policy of such files: their own styles, and nothing else."""
    digest = b64encode(sha256(_style(css).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"


def standalone(drawing: Markup, css: str) -> bytes:
    """Return a drawing as an SVG file of its own; `css` is the pages' style sheet.

    Its links lead to permanent addresses: away from this server there are no others.
    """
    whole = re.sub(r' href="/([^"]*?)(?:\.html)?"', rf' href="{BASE}\1"', str(drawing))
    head, mark, rest = whole.partition(">")
    return f"{head}{mark}<style>{_style(css)}</style>{rest}".encode()
