"""The sources: all of them, and one as an outline of its parts with the claims on each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from catchup.kg.names import CU, DCTERMS, D
from catchup.server.pages import source_tables
from catchup.server.pages.facts import Facts, Names, Row, Term, href
from catchup.server.pages.marks import ClaimMark, claim_marks
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.visit import Visit
from catchup.server.problems import NotThere

#: Parts that the outline of a whole document leaves to the pages of the parts around them.
_INNER = {"TableRow", "TableCell", "ListItem", "ReferenceEntry"}


@dataclass
class Part:
    """A part of a document with the claims that rest on it."""

    iri: str
    label: str
    kinds: set[str] = field(default_factory=set)
    parent: str = ""
    start: int = 0
    waiver: str = ""
    claims: list[ClaimMark] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The local name, for addresses and anchors."""
        return self.iri.removeprefix(D)

    @property
    def total(self) -> int:
        """How many claims rest on it and on the parts inside."""
        return len({c.iri for part in self.within() for c in part.claims})

    @property
    def inner(self) -> bool:
        """Whether the outline of a whole document leaves it out."""
        return bool(self.kinds & _INNER)

    def within(self) -> Iterable[Part]:
        """Yield the part and all inside, in the order of the text."""
        yield self
        for part in self.parts:
            yield from part.within()


async def every(visit: Visit) -> Sheet:
    """Return the page of all sources. Raises the errors of kg.engine.errors."""
    data = visit.data
    rows, counts = await asyncio.gather(data.rows("documents"), data.rows("claims-by-document"))
    facts = Facts(rows)
    claims = {r["document"].value: int(r["n"].value) for r in counts}
    names = data.names(facts.mentioned())
    listed = [
        {
            "iri": d,
            "id": d.removeprefix(D),
            "label": names(d),
            "title": facts.one(d, DCTERMS + "title"),
            "year": facts.one(d, "publishedYear"),
            "identifier": facts.one(d, DCTERMS + "identifier"),
            "claims": claims.get(d, 0),
        }
        for d in sorted(facts.subjects(), key=lambda d: -claims.get(d, 0))
    ]
    return Sheet(
        "sources.html",
        visit.say("Sources"),
        visit.say("The documents that the graph was made from, part by part, with their claims."),
        {"listed": listed},
        json=lambda: listed,
        table=lambda: [
            ["iri", "label", "title", "year", "identifier", "claims"],
            *(
                [s["iri"], s["label"], s["title"], s["year"], s["identifier"], s["claims"]]
                for s in listed
            ),
        ],
    )


async def one(visit: Visit) -> Sheet:
    """Return the outline of the document named in the path. Raises NotThere."""
    name = visit.names["id"]
    facts, names, parts = await visit.once((name, visit.lang), partial(_read, visit, name))
    iri = D + name
    tops = [p for p in parts.values() if not p.parent or p.parent not in parts]
    label = names(iri)
    about = [
        (
            names(p),
            [
                (t.value if not t.is_iri else names(t.value), href(t.value) if t.is_iri else "")
                for t in terms
            ],
        )
        for p, terms in facts.of(iri).items()
        if p not in ("http://www.w3.org/2000/01/rdf-schema#label",) and not p.endswith("#type")
    ]
    numbers = {c.iri for p in parts.values() for c in p.claims}
    return Sheet(
        "source.html",
        label,
        visit.say("{name}, part by part, with the claims that rest on each part.", name=label),
        {
            "id": name,
            "iri": iri,
            "label": label,
            "about": about,
            "tops": tops,
            "claims": len(numbers),
            "parts": len(parts),
            "waived": sum(1 for p in parts.values() if p.waiver),
            "tables": [(t, names(D + t)) for t in source_tables.of(name)],
        },
        crumbs=[(visit.say("Sources"), "/sources")],
        json=lambda: [_as_data(p) for p in parts.values()],
        table=lambda: _rows(parts.values()),
        downloads=_rdf(iri),
        schema={
            "@type": "ScholarlyArticle",
            "@id": iri,
            "name": facts.one(iri, DCTERMS + "title") or label,
        },
    )


async def part(visit: Visit) -> Sheet:
    """Return the page of a part of a document, named in the path. Raises NotThere."""
    document, name = visit.names["id"], visit.names["part"]
    _, names, parts = await visit.once((document, visit.lang), partial(_read, visit, document))
    here = parts.get(D + name)
    if here is None:
        raise NotThere(
            f"{document} has no part '{name}'.", remedy=f"/sources/{document} lists its parts."
        )
    table = await source_tables.make(visit, name) if name in source_tables.of(document) else None
    crumbs = [(visit.say("Sources"), "/sources"), (names(D + document), f"/sources/{document}")]
    above: list[tuple[str, str]] = []
    at = here.parent
    while at in parts:
        above.insert(0, (parts[at].label, f"/sources/{document}/{parts[at].name}"))
        at = parts[at].parent
    return Sheet(
        "part.html",
        f"{here.label} · {names(D + document)}",
        visit.say("The claims that rest on a part of {name}.", name=names(D + document)),
        {"document": document, "part": here, "regenerated": table},
        crumbs=crumbs + above,
        json=lambda: {
            "parts": [_as_data(p) for p in here.within()],
            "table": table.as_data() if table else None,
        },
        table=lambda: table.rows_with_head() if table else _rows(here.within()),
        downloads=_rdf(here.iri),
    )


def _rdf(iri: str) -> list[Download]:
    path = f"/id/{iri.removeprefix(D)}"
    return [
        Download(f"{path}.ttl", "text/turtle", "Turtle"),
        Download(f"{path}.jsonld", "application/ld+json", "JSON-LD"),
    ]


async def _read(visit: Visit, name: str) -> tuple[Facts, Names, dict[str, Part]]:
    data, iri = visit.data, D + name
    if CU + "Document" not in data.types([iri]).get(iri, ()):
        raise NotThere(f"There is no source '{name[:60]}'.", remedy="/sources lists them.")
    own, rows, claimed = await asyncio.gather(
        *(data.rows(q, it=iri) for q in ("own", "parts", "claims-in"))
    )
    facts = Facts({**row, "s": Term(iri, True)} for row in own)
    terms = {row[c].value for row in claimed for c in ("kind", "voice", "force") if c in row}
    names = data.names(facts.mentioned() | terms | {iri} | {D + t for t in source_tables.of(name)})
    return facts, names, _parts(rows, claimed, names)


def _parts(rows: list[Row], claimed: list[Row], names: Names) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for row in sorted(rows, key=lambda r: int(r["start"].value)):
        iri = row["s"].value
        at = parts.setdefault(iri, Part(iri, row["label"].value))
        at.kinds.add(row["type"].value.removeprefix(CU))
        at.parent = row["parent"].value if "parent" in row else ""
        at.start = int(row["start"].value)
        at.waiver = row["waiver"].value if "waiver" in row else ""
    marks = claim_marks(({**row, "s": row["part"]} for row in claimed), names)
    for iri, claims in marks.items():
        if iri in parts:
            parts[iri].claims = claims
    for at in parts.values():
        if at.parent in parts:
            parts[at.parent].parts.append(at)
    return parts


def _as_data(part_: Part) -> dict[str, object]:
    return {
        "iri": part_.iri,
        "label": part_.label,
        "kinds": sorted(part_.kinds),
        "partOf": part_.parent,
        "start": part_.start,
        "waiver": part_.waiver,
        "claims": [c.number for c in part_.claims],
    }


def _rows(parts: Iterable[Part]) -> list[list[object]]:
    head: list[object] = ["part", "label", "kind", "waiver", "claims"]
    rows: list[list[object]] = [
        [
            p.name,
            p.label,
            "; ".join(sorted(p.kinds)),
            p.waiver,
            "; ".join(c.number for c in p.claims),
        ]
        for p in parts
    ]
    return [head, *rows]
