"""Propositions by cases: who reads which case as supporting, contrasting with or limiting what."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from catchup.kg.names import CUV, SKOS
from catchup.server.pages import claims_rdf
from catchup.server.pages.facts import Facts, href
from catchup.server.pages.marks import ClaimMark, claim_marks, claims_as_data
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit

#: A sign for each bearing, beside its words; colour alone would not tell them apart.
SIGNS = {"supports": "✓", "contrastCase": "≠", "limitsScope": "◐", "challenges": "✗"}


@dataclass(frozen=True)
class Reading:
    """How somebody reads a case on a proposition."""

    sign: str
    style: str
    label: str
    curated: bool
    claims: tuple[ClaimMark, ...]


@dataclass
class Line:
    """A proposition with its readings by case."""

    iri: str
    number: str
    label: str
    kind: str
    href: str
    claims: list[tuple[str, str]] = field(default_factory=list)
    cells: dict[str, list[Reading]] = field(default_factory=dict)


async def make(visit: Visit) -> Sheet:
    """Return the matrix. Raises the errors of kg.engine.errors."""
    data = visit.data
    triples, bearings, puts = await asyncio.gather(
        data.rows("propositions"), data.rows("bearings"), data.rows("put-by")
    )
    facts = Facts(triples)
    claimed = await data.rows("claims-on", {r["s"].value for r in bearings})
    iris = {t.value for rows in (bearings, claimed) for r in rows for t in r.values() if t.is_iri}
    names = data.names(facts.mentioned() | iris)
    marks = claim_marks(claimed, names)
    lines = {
        p: Line(
            p,
            facts.one(p, SKOS + "notation") or "",
            names(p),
            names(facts.one(p, "propositionKind")) if facts.one(p, "propositionKind") else "",
            href(p),
        )
        for p in facts.subjects()
    }
    for row in puts:
        if row["s"].value in lines:
            lines[row["s"].value].claims.append((row["number"].value, href(row["claim"].value)))
    cases: dict[str, int] = {}
    for row in bearings:
        case, proposition = row["case"].value, row["proposition"].value
        if proposition not in lines:
            continue
        cases[case] = cases.get(case, 0) + 1
        bearing = row["bearing"].value
        claims = tuple(marks.get(row["s"].value, ()))
        reading = Reading(
            SIGNS.get(bearing.removeprefix(CUV), "•"),
            bearing.removeprefix(CUV) if bearing.startswith(CUV) else "other",
            names(bearing),
            bool(claims) and all(c.curated for c in claims),
            claims,
        )
        lines[proposition].cells.setdefault(case, []).append(reading)
    columns = sorted(cases, key=lambda c: (-cases[c], names(c)))
    ordered = sorted(
        lines.values(), key=lambda line: (not line.cells, line.kind, line.number, line.label)
    )
    matrix = [line for line in ordered if line.cells]
    for line in matrix:
        for readings in line.cells.values():
            readings.sort(key=lambda r: (r.curated, r.label))
    say = visit.say
    behind = {
        c.iri for line in matrix for cell in line.cells.values() for r in cell for c in r.claims
    }
    behind |= {r["claim"].value for r in puts}
    rdf = await claims_rdf.turtle(visit, behind) if claims_rdf.wanted(visit) else b""
    return Sheet(
        "propositions.html",
        say("Propositions"),
        say("Which case supports, contrasts with or limits which proposition, and who says so."),
        {
            "matrix": matrix,
            "others": _by_kind([line for line in ordered if not line.cells]),
            "columns": [(c, names(c), href(c)) for c in columns],
        },
        json=lambda: [_as_data(line) for line in ordered],
        files={"ttl": ("text/turtle", lambda: rdf)},
        table=lambda: [
            ["proposition", "text", "kind", *(names(c) for c in columns)],
            *(
                [
                    line.number or line.iri,
                    line.label,
                    line.kind,
                    *("; ".join(_words(r) for r in line.cells.get(c, ())) for c in columns),
                ]
                for line in matrix
            ),
        ],
    )


def _words(reading: Reading) -> str:
    numbers = ", ".join(c.number for c in reading.claims)
    return f"{reading.label} ({numbers}{'; curators' if reading.curated else ''})"


def _by_kind(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line)
    return list(found.items())


def _as_data(line: Line) -> dict[str, object]:
    return {
        "iri": line.iri,
        "number": line.number,
        "says": line.label,
        "kind": line.kind,
        "putBy": [n for n, _ in line.claims],
        "cases": {
            case: [
                {
                    "bearing": r.label,
                    "by": "curators" if r.curated else "authors",
                    "claims": claims_as_data(r.claims),
                }
                for r in readings
            ]
            for case, readings in line.cells.items()
        },
    }
