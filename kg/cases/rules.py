"""What is checked of a case beyond SHACL: the closed world, names, identifiers, years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox
from rapidfuzz.distance import OSA

from catchup.kg import names
from catchup.kg.cases.known import Known
from catchup.kg.cases.terms import TYPE, Terms
from catchup.kg.shapes.validate import Finding

IDENTIFIER = names.DCTERMS + "identifier"
YEARS = {
    names.CU + k for k in ("startYear", "endYear", "notBeforeYear", "notAfterYear", "publishedYear")
}
PERIOD = names.CU + "period"
NAMES = {names.RDFS + "label", names.SKOS + "altLabel"}
#: Entities that are likely to be entered twice; situations, claims and periods are not.
ENTITIES = {
    names.CU + kind
    for kind in [
        "Firm",
        "BusinessGroup",
        "Unit",
        "Headquarters",
        "RegionalHeadquarters",
        "Subsidiary",
        "Department",
        "Brand",
        "JointVenture",
        "University",
        "GovernmentBody",
        "Country",
        "DevelopedMarket",
        "EmergingMarket",
        "Region",
        "City",
        "MarketGroup",
        "Industry",
        "Product",
        "Technology",
        "Standard",
        "Register",
        "Policy",
        "Programme",
        "Publication",
        "CitedWork",
        "Document",
        "Person",
    ]
} | {names.PREFIXES["org"] + kind for kind in ("Organization", "FormalOrganization")}
OURS = (names.CU, names.CUV, names.CUS, names.Q)


@dataclass
class Entry:
    """A case under check: its quads, its graph, the base it mints under, and what is known."""

    quads: list[ox.Quad]
    graph: str
    base: str
    terms: Terms
    known: Known
    year: int

    def __post_init__(self) -> None:
        self.subjects = list(dict.fromkeys(str(q.subject.value) for q in self.quads))  # type: ignore[union-attr]
        objects = {q.object.value for q in self.quads if isinstance(q.object, ox.NamedNode)}
        asked = {i for i in (*self.subjects, *objects) if _mintable(i, self.base)}
        self.types = self.known.types(asked, but=self.graph)

    def own_types(self) -> dict[str, set[str]]:
        """Return the classes that the case gives its subjects."""
        found: dict[str, set[str]] = {}
        for q in self.quads:
            if q.predicate.value == TYPE and isinstance(q.object, ox.NamedNode):
                found.setdefault(str(q.subject.value), set()).add(q.object.value)  # type: ignore[union-attr]
        return found


def findings(entry: Entry) -> Iterator[Finding]:
    """Yield everything that the rules of this file find in `entry`."""
    yield from _subjects(entry)
    for quad in dict.fromkeys(entry.quads):
        subject = str(quad.subject.value)  # type: ignore[union-attr]
        predicate = quad.predicate.value
        yield from _predicate(entry, subject, predicate)
        if isinstance(quad.object, ox.NamedNode):
            yield from _object(entry, subject, predicate, quad.object.value)
        elif isinstance(quad.object, ox.Literal):
            yield from _literal(entry, subject, predicate, quad.object.value)
    yield from _twins(entry)


def _mintable(iri: str, base: str) -> bool:
    return iri.startswith((names.D, base + "id/"))


def _local(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _subjects(entry: Entry) -> Iterator[Finding]:
    for subject in entry.subjects:
        if not _mintable(subject, entry.base):
            yield Finding(
                "violation",
                f"A case cannot say anything of <{names.compact(subject)}>: "
                "it speaks only of nodes that it makes itself.",
                subject,
                remedy=f"Make a node of your own under {entry.base}id/.",
            )
        elif subject in entry.types:
            yield Finding(
                "violation",
                f"'{_local(subject)}' stands in the graph already; a case does not add to it.",
                subject,
                remedy="Speak of it in a situation (as actor, stObject, learnsFrom ...), "
                "or give your own node another id.",
            )


def _predicate(entry: Entry, subject: str, predicate: str) -> Iterator[Finding]:
    terms = entry.terms
    if predicate in terms.derived:
        yield Finding(
            "violation",
            f"'{_local(predicate)}' is derived by the ontology and never written.",
            subject,
            predicate,
            remedy="Describe the situation from which it follows.",
        )
    elif predicate.startswith(OURS):
        if predicate not in terms.properties:
            among = (p for p in terms.properties - terms.derived if p.startswith(names.CU))
            yield Finding(
                "violation",
                f"'{_local(predicate)}' is no property.",
                subject,
                predicate,
                remedy=terms.nearest(predicate, among, "property"),
            )
        elif predicate not in terms.shaped:
            key = _local(predicate)
            yield Finding(
                "violation",
                f"'{key}' is not written on a node: a claim says it.",
                subject,
                predicate,
                remedy="Under 'asserts' of a claim write a Siting, an Affiliation or a "
                f"PlainStatement: stSubject, stPredicate: {key}, stObject.",
            )
    elif predicate != TYPE and predicate not in terms.used:
        yield Finding(
            "warning",
            f"The property <{predicate}> is not used here; nothing will read it.",
            subject,
            predicate,
            remedy="Use a property of the ontology.",
        )


def _object(entry: Entry, subject: str, predicate: str, value: str) -> Iterator[Finding]:
    terms = entry.terms

    def wrong(detail: str, remedy: str) -> Finding:
        return Finding("violation", detail, subject, predicate, value, remedy=remedy)

    if predicate == TYPE:
        if value in terms.derived:
            yield wrong(
                f"'{_local(value)}' is a class that the ontology derives; it is never written.",
                "Describe the situation from which it follows.",
            )
        elif value.startswith(OURS) and value not in terms.classes:
            among = (c for c in terms.classes - terms.derived if c.startswith(names.CU))
            yield wrong(f"'{_local(value)}' is no class.", terms.nearest(value, among, "class"))
    elif value.startswith(names.CUV):
        if value not in terms.concepts:
            choices = terms.choices(predicate)
            remedy = terms.nearest(value, choices or terms.concepts, "concept")
            if 0 < len(choices) <= 20:
                remedy = "The field takes " + ", ".join(_local(c) for c in choices) + "."
            yield wrong(f"'{_local(value)}' is no concept.", remedy)
    elif value.startswith(OURS):
        if value not in terms.properties and value not in terms.classes:
            among = (p for p in terms.properties if p.startswith(names.CU))
            yield wrong(
                f"'{_local(value)}' is no property.", terms.nearest(value, among, "property")
            )
    elif _mintable(value, entry.base) and value not in entry.types:
        if value not in entry.subjects and _local(value).isdigit() and predicate == PERIOD:
            year = _local(value)
            yield wrong(
                f"'{year}' is no period.",
                f"Write a block: {{type: Period, startYear: {year}, endYear: {year}}}.",
            )
        elif value not in entry.subjects:
            near = [_local(i) for i in entry.known.nearest_ids(value)]
            own = [
                _local(s)
                for s in entry.subjects
                if OSA.normalized_similarity(_local(s), _local(value)) > 0.59
            ]
            choices = list(dict.fromkeys([*near, *own]))[:3]
            remedy = (
                "Did you mean " + " or ".join(f"'{c}'" for c in choices) + "? " if choices else ""
            )
            yield wrong(
                f"Nothing has the id '{_local(value)}'.",
                remedy + "Describe it under 'nodes', or name what the graph has.",
            )


def _literal(entry: Entry, subject: str, predicate: str, text: str) -> Iterator[Finding]:
    if predicate in YEARS and text.lstrip("-").isdigit() and int(text[:9]) > entry.year:
        yield Finding(
            "violation",
            f"The year {text} lies in the future.",
            subject,
            predicate,
            text,
            remedy=f"Give a year up to {entry.year}; what is only planned is a proposition (puts).",
        )
    elif predicate in YEARS and text.isdigit() and int(text[:9]) < 1000:
        yield Finding(
            "violation",
            f"The year {text} has fewer than four digits.",
            subject,
            predicate,
            text,
            remedy="Write it in full, such as 2024.",
        )
    if predicate == IDENTIFIER:
        holders = entry.known.holders(text, but=entry.graph)
        if holders:
            yield Finding(
                "violation",
                f"The number {text} is taken by '{_local(holders[0])}'.",
                subject,
                predicate,
                text,
                remedy="Number your claims with letters of your own, such as the case's name.",
            )


def _twins(entry: Entry) -> Iterator[Finding]:
    """Yield the entities that the graph probably has already."""
    kinds = entry.own_types()
    told: set[tuple[str, str]] = set()
    for quad in entry.quads:
        subject = str(quad.subject.value)  # type: ignore[union-attr]
        if quad.predicate.value not in NAMES or not kinds.get(subject, set()) & ENTITIES:
            continue
        if subject in entry.types or not isinstance(quad.object, ox.Literal):
            continue
        candidates = entry.known.alike(quad.object.value, entry.graph, ENTITIES)
        known = entry.known.types((c.iri for c in candidates), but=entry.graph)
        for candidate in candidates[:3]:
            if not known.get(candidate.iri, set()) & ENTITIES or (subject, candidate.iri) in told:
                continue
            told.add((subject, candidate.iri))
            same = candidate.equal and bool(known[candidate.iri] & kinds[subject])
            certainty = (
                "stands in the graph already" if same else "is probably in the graph already"
            )
            yield Finding(
                "violation" if same else "warning",
                f"'{quad.object.value}' {certainty}: '{_local(candidate.iri)}' ({candidate.name}).",
                subject,
                quad.predicate.value,
                quad.object.value,
                remedy=f"Use the id '{_local(candidate.iri)}' and leave this node out; "
                "if it is another, give it a label that tells them apart.",
            )
