"""Propositions by cases: who reads which case as supporting, contrasting with or limiting what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from catchup.kg.names import CUV
from catchup.server.pages import claims_rdf
from catchup.server.pages.facts import href
from catchup.server.pages.leaves import leaf
from catchup.server.pages.marks import ClaimMark, claim_marks, claims_as_data
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit, english

#: A sign for each bearing, beside its words; colour alone would not tell them apart.
SIGNS = {"supports": "✓", "contrastCase": "≠", "limitsScope": "◐", "challenges": "✗"}
#: What a page may hold, in bytes of HTML: under 100 kB with its frame.
_LEAF = 65_000
#: Bytes of a cell (an empty one takes 100), of a proposition, of the heading of a column.
_CELL, _LINE, _HEAD = 110, 330, 90


@dataclass
class Line:
    """A proposition: who puts it and what is read of which case, as IRIs."""

    iri: str
    kind: str
    number: str
    #: claims that put it: (number, IRI)
    put: list[tuple[str, str]] = field(default_factory=list)
    #: situations that bear on it, by case: (situation, bearing)
    cells: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def href(self) -> str:
        """The address of the proposition's page."""
        return href(self.iri)


@dataclass(frozen=True)
class Reading:
    """How somebody reads a case on a proposition."""

    sign: str
    style: str
    label: str
    curated: bool
    claims: tuple[ClaimMark, ...]


@dataclass(frozen=True)
class Shown:
    """A proposition in the words of a language, with its readings by case."""

    line: Line
    label: str
    kind: str
    cells: dict[str, list[Reading]]

    @property
    def claims(self) -> list[tuple[str, str]]:
        """The claims that put it: (number, address)."""
        return [(number, href(claim)) for number, claim in self.line.put]

    def as_data(self) -> dict[str, object]:
        """Return the proposition as plain data for JSON."""
        return {
            "iri": self.line.iri,
            "number": self.line.number,
            "says": self.label,
            "kind": self.kind,
            "putBy": [n for n, _ in self.line.put],
            "cases": {
                case: [
                    {
                        "bearing": r.label,
                        "by": "curators" if r.curated else "authors",
                        "claims": claims_as_data(r.claims),
                    }
                    for r in readings
                ]
                for case, readings in self.cells.items()
            },
        }


async def make(visit: Visit) -> Sheet:
    """Return the matrix. Raises NotThere and the errors of kg.engine.errors."""
    lines = await visit.once("propositions", lambda: _lines(visit))
    leaves = await visit.once("propositions by page", lambda: _leaves(lines))
    here = leaf(visit, leaves)
    # data are of all propositions, a page of some
    told = await _told(visit, here.shown if visit.path == "/propositions" else lines)
    matrix = [s for s in told if s.cells]
    names = visit.data.names({c for s in matrix for c in s.cells})
    columns = [(c, names(c), href(c)) for c in _columns([s.line for s in matrix])]
    say = visit.say
    behind = {c.iri for s in matrix for cell in s.cells.values() for r in cell for c in r.claims}
    behind |= {claim for line in lines for _, claim in line.put}
    rdf = await claims_rdf.turtle(visit, behind) if claims_rdf.wanted(visit) else b""
    return Sheet(
        "propositions.html",
        say("Propositions"),
        say("Which case supports, contrasts with or limits which proposition, and who says so."),
        {
            "matrix": matrix,
            "others": _by_kind([s for s in told if not s.cells]),
            "columns": columns,
            "all": len(lines),
            "leaf": here,
        },
        json=lambda: [s.as_data() for s in told],
        files={"ttl": ("text/turtle", lambda: rdf)},
        table=lambda: [
            ["proposition", "text", "kind", *(name for _, name, _ in columns)],
            *(
                [
                    s.line.number or s.line.iri,
                    s.label,
                    s.kind,
                    *("; ".join(_words(r) for r in s.cells.get(c, ())) for c, _, _ in columns),
                ]
                for s in matrix
            ),
        ],
        canonical=here.here,
    )


async def _lines(visit: Visit) -> list[Line]:
    """Return all propositions: those on which cases bear first, then by kind and number."""
    data = visit.data
    written, bearings, puts = await asyncio.gather(
        *(data.rows(n) for n in ("propositions", "bearings", "put-by"))
    )
    lines: dict[str, Line] = {}
    for row in written:
        kind, number = (row[v].value if v in row else "" for v in ("kind", "number"))
        lines.setdefault(row["s"].value, Line(row["s"].value, kind, number))
    for row in puts:
        if row["s"].value in lines:
            lines[row["s"].value].put.append((row["number"].value, row["claim"].value))
    for row in bearings:
        if row["proposition"].value in lines:
            cells = lines[row["proposition"].value].cells
            cells.setdefault(row["case"].value, []).append((row["s"].value, row["bearing"].value))
    names = english(visit).names({*lines, *(line.kind for line in lines.values() if line.kind)})
    return sorted(
        lines.values(),
        key=lambda p: (not p.cells, p.kind and names(p.kind), p.number, names(p.iri), p.iri),
    )


async def _leaves(lines: Sequence[Line]) -> list[list[Line]]:
    """Return propositions page by page: each as many as a page can hold with their cases."""
    leaves: list[list[Line]] = [[]]
    rows, cases = 0, set[str]()
    for line in lines:
        wider = cases | set(line.cells)
        tall = rows + bool(line.cells)
        size = _CELL * tall * len(wider) + _HEAD * len(wider) + _LINE * (len(leaves[-1]) + 1)
        if leaves[-1] and size > _LEAF:
            leaves.append([])
            wider, tall = set(line.cells), int(bool(line.cells))
        leaves[-1].append(line)
        rows, cases = tall, wider
    return leaves


def _columns(lines: Sequence[Line]) -> list[str]:
    """Return the cases that bear on some propositions, those with most readings first."""
    found: dict[str, int] = {}
    for line in lines:
        for case, readings in line.cells.items():
            found[case] = found.get(case, 0) + len(readings)
    return sorted(found, key=lambda c: (-found[c], c))


async def _told(visit: Visit, lines: Sequence[Line]) -> list[Shown]:
    """Return propositions with their readings, in the words of the visit's language."""
    data = visit.data
    cells = [cell for line in lines for cell in line.cells.values()]
    situations = {s for cell in cells for s, _ in cell}
    claimed = await data.rows("claims-on", situations) if situations else []
    names = data.names(
        {t.value for row in claimed for t in row.values() if t.is_iri}
        | {bearing for cell in cells for _, bearing in cell}
        | {i for line in lines for i in (line.iri, line.kind) if i}
    )
    marks = claim_marks(claimed, names)

    def reading(situation: str, bearing: str) -> Reading:
        claims = tuple(marks.get(situation, ()))
        return Reading(
            SIGNS.get(bearing.removeprefix(CUV), "•"),
            bearing.removeprefix(CUV) if bearing.startswith(CUV) else "other",
            names(bearing),
            bool(claims) and all(c.curated for c in claims),
            claims,
        )

    def readings(cell: Sequence[tuple[str, str]]) -> list[Reading]:
        return sorted((reading(s, b) for s, b in cell), key=lambda r: (r.curated, r.label))

    return [
        Shown(
            line,
            names(line.iri),
            names(line.kind) if line.kind else "",
            {case: readings(cell) for case, cell in line.cells.items()},
        )
        for line in lines
    ]


def _words(reading: Reading) -> str:
    numbers = ", ".join(c.number for c in reading.claims)
    return f"{reading.label} ({numbers}{'; curators' if reading.curated else ''})"


def _by_kind(given: list[Shown]) -> list[tuple[str, list[Shown]]]:
    found: dict[str, list[Shown]] = {}
    for one in given:
        found.setdefault(one.kind, []).append(one)
    return list(found.items())
