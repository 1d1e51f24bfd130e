"""The theory: the ontology's classes and properties, the concept schemes, and each term."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catchup.kg.names import OWL, SKOS
from catchup.server.pages.draw import mechanisms
from catchup.server.pages.facts import Names, Row, Term, href
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.statements import Value
from catchup.server.pages.visit import Visit

#: Concepts of each scheme shown on the page of all schemes.
_TOPS = 24
PROPERTIES = {OWL + k: k for k in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}


@dataclass
class Branch:
    """A term in a tree."""

    iri: str
    label: str
    below: list[Branch] = field(default_factory=list)

    @property
    def href(self) -> str:
        """The address of the term's page."""
        return href(self.iri)


async def overview(visit: Visit) -> Sheet:
    """Return the page of the theory: picture, schemes, classes."""
    data, say = visit.data, visit.say
    concepts, classes, circulation = await asyncio.gather(
        *(data.rows(n) for n in ("concepts", "terms", "circulation"))
    )
    schemes = _count(r["scheme"].value for r in {r["s"].value: r for r in concepts}.values())
    class_rows = [r for r in classes if r["type"].value == OWL + "Class"]
    iris = {t.value for r in [*class_rows, *circulation] for t in r.values() if t.is_iri}
    names = data.names(iris | set(schemes) | set(mechanisms.shown()))
    definitions = await data.facts("nodes", schemes)
    pairs = {(r["s"].value, r["o"].value) for r in circulation}
    return Sheet(
        "theory.html",
        say("Theory"),
        say("The concepts of the sources and the classes that describe cases, with definitions."),
        {
            "picture": mechanisms.draw(names, pairs, say("Three mechanisms and two stages"), ""),
            "schemes": [
                (s, names(s), href(s), n, definitions.text(s, SKOS + "definition", visit.lang))
                for s, n in sorted(schemes.items(), key=lambda e: names(e[0]).casefold())
            ],
            "classes": _tree(class_rows, "super", names),
        },
        json=lambda: {
            "schemes": [{"iri": s, "label": names(s), "concepts": n} for s, n in schemes.items()],
            "classes": sorted({r["s"].value for r in class_rows}),
        },
    )


async def ontology(visit: Visit) -> Sheet:
    """Return the page of all terms of the ontology."""
    rows = await visit.data.rows("terms")
    names = visit.data.names({t.value for r in rows for t in r.values() if t.is_iri})
    properties: dict[str, tuple[str, set[str], set[str]]] = {}
    for row in rows:
        if row["type"].value in PROPERTIES:
            kind = PROPERTIES[row["type"].value]
            _, domains, ranges = properties.setdefault(row["s"].value, (kind, set(), set()))
            for key, held in (("domain", domains), ("range", ranges)):
                if key in row:
                    held.add(row[key].value)
    say = visit.say
    listed = [
        (
            p,
            names(p),
            href(p),
            kind,
            [value(names, d) for d in sorted(ds)],
            [value(names, r) for r in sorted(rs)],
        )
        for p, (kind, ds, rs) in sorted(properties.items())
    ]
    return Sheet(
        "ontology.html",
        say("Ontology"),
        say("The classes and properties that the graph is written in."),
        {
            "classes": _tree([r for r in rows if r["type"].value == OWL + "Class"], "super", names),
            "properties": listed,
        },
        crumbs=[(say("Theory"), "/theory")],
        json=lambda: [
            {"iri": p, "label": names(p), "kind": kind} for p, (kind, _, _) in properties.items()
        ],
        table=lambda: [
            ["iri", "label", "kind", "domain", "range"],
            *(
                [p, n, k, "; ".join(v.text for v in ds), "; ".join(v.text for v in rs)]
                for p, n, _, k, ds, rs in listed
            ),
        ],
        downloads=document_downloads("ontology"),
        canonical="/ontology/",
    )


async def vocabulary(visit: Visit) -> Sheet:
    """Return the page of all concept schemes."""
    rows = await visit.data.rows("concepts")
    names = visit.data.names({t.value for r in rows for t in r.values() if t.is_iri})
    schemes: dict[str, list[Row]] = {}
    for row in rows:
        schemes.setdefault(row["scheme"].value, []).append(row)
    say = visit.say
    return Sheet(
        "vocabulary.html",
        say("Concept schemes"),
        say(
            "The broadest concepts of each scheme; each scheme has a page with all of its concepts."
        ),
        {
            "schemes": [
                (
                    s,
                    names(s),
                    href(s),
                    len({r["s"].value for r in rs}),
                    _tops(_tree(rs, "broader", names)),
                )
                for s, rs in sorted(schemes.items(), key=lambda e: names(e[0]).casefold())
            ]
        },
        crumbs=[(say("Theory"), "/theory")],
        table=lambda: [
            ["concept", "label", "scheme", "broader"],
            *(
                [
                    r["s"].value,
                    names(r["s"].value),
                    r["scheme"].value,
                    r["broader"].value if "broader" in r else "",
                ]
                for r in rows
            ),
        ],
        downloads=document_downloads("vocab"),
        canonical="/vocab/",
    )


def _tops(branches: list[Branch]) -> list[Branch]:
    """Return a tree's first terms: all 1,000 concepts would make a page of more than 100 kB."""
    return [Branch(b.iri, b.label) for b in branches[:_TOPS]]


def document_downloads(name: str) -> list[Download]:
    """Return the forms of a whole document."""
    return [
        Download(f"/{name}.ttl", "text/turtle", "Turtle"),
        Download(f"/{name}.jsonld", "application/ld+json", "JSON-LD"),
        Download(f"/{name}.rdf", "application/rdf+xml", "RDF/XML"),
    ]


def value(names: Names, iri: str) -> Value:
    """Return a thing as a cell shows it."""
    return Value(names(iri), href(iri))


def _count(items: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        found[item] = found.get(item, 0) + 1
    return found


def _tree(rows: Sequence[Mapping[str, Term]], up: str, names: Names) -> list[Branch]:
    """Return terms as a tree; a term with several broader ones stands under the first."""
    branches = {r["s"].value: Branch(r["s"].value, names(r["s"].value)) for r in rows}
    parents: dict[str, str] = {}
    for row in rows:
        if up in row and row[up].value in branches and row[up].value != row["s"].value:
            parents.setdefault(row["s"].value, row[up].value)
    roots = []
    for iri, branch in sorted(branches.items(), key=lambda e: e[1].label.casefold()):
        if iri in parents and not _circular(iri, parents):
            branches[parents[iri]].below.append(branch)
        else:
            roots.append(branch)
    return roots


def _circular(iri: str, parents: Mapping[str, str]) -> bool:
    seen, at = {iri}, parents.get(iri)
    while at is not None:
        if at in seen:
            return True
        seen.add(at)
        at = parents.get(at)
    return False
