"""The graph as RDF: TriG, N-Quads, JSON-LD, RDF 1.2 with reifiers, nanopublications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.snapshot.skolem import unskolemise
from catchup.kg.terms import Node, named, node, value

FORMATS = {
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
}
NP = "http://www.nanopub.org/nschema#"
PUBLICATION = names.BASE + "np/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def prefixes(quads: Iterable[ox.Quad]) -> dict[str, str]:
    """Return the prefixes that occur in `quads`, for short files."""
    used = {n.value for q in quads for n in (q.subject, q.predicate, q.object, q.graph_name)
            if isinstance(n, ox.NamedNode)}  # fmt: skip
    return {p: ns for p, ns in names.PREFIXES.items() if any(u.startswith(ns) for u in used)}


def serialise(quads: Iterable[ox.Quad], format: str) -> bytes:
    """Return `quads` in `format` (trig, nquads, jsonld), skolem IRIs turned back to blank nodes."""
    rows = plain(quads)
    text = ox.serialize(rows, format=FORMATS[format], prefixes=prefixes(rows))
    return text or b""


def plain(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return `quads` with blank nodes where the snapshot has skolem IRIs."""
    rows = list(quads)
    back = unskolemise(q.triple for q in rows)
    return [
        ox.Quad(t.subject, t.predicate, t.object, q.graph_name)
        for t, q in zip(back, rows, strict=True)
    ]


def rdf12(quads: Iterable[ox.Quad]) -> bytes:
    """Return Turtle 1.2 in which every direct triple is reified by the claims that assert it.

    Only readers with RDF 1.2 support can load it (modelling, exports at release).
    """
    rows = list(quads)
    said = _by_subject(rows)
    claims: dict[str, set[str]] = defaultdict(set)
    for q in rows:
        if q.predicate.value == names.CU + "asserts":
            claims[value(q.object)].add(value(q.subject))
    out: list[ox.Triple] = []
    reifies = ox.NamedNode(names.RDF + "reifies")
    for situation, by in sorted(claims.items()):
        parts = said.get(situation, {})
        keys = ("stSubject", "stPredicate", "stObject")
        if not all(parts.get(names.CU + k) for k in keys):
            continue
        subject, predicate, object_ = (parts[names.CU + k][0] for k in keys)
        triple = ox.Triple(named(subject), named(predicate), object_)
        out.append(triple)
        for claim in sorted(by):
            out.append(ox.Triple(ox.NamedNode(claim), reifies, triple))
            for key in ("statedIn", "hasEvidence"):
                for evidence in said.get(claim, {}).get(names.CU + key, []):
                    property_ = ox.NamedNode(names.CU + key)
                    out.append(ox.Triple(ox.NamedNode(claim), property_, evidence))
    text = ox.serialize(out, format=ox.RdfFormat.TURTLE, prefixes=names.PREFIXES)
    return text or b""


def nanopublications(quads: Iterable[ox.Quad]) -> bytes:
    """Return one nanopublication a claim, as TriG: head, assertion, provenance, publication info."""
    rows = list(quads)
    said = _by_subject(rows)
    out: list[ox.Quad] = []
    claim_type = names.CU + "Claim"
    type_ = names.RDF + "type"
    for claim in sorted(s for s, p in said.items() if _has(p, type_, claim_type)):
        properties = said[claim]
        number = properties[names.DCTERMS + "identifier"][0].value
        here = PUBLICATION + number
        head, assertion, provenance, info = (
            ox.NamedNode(f"{here}/{x}") for x in ("Head", "assertion", "provenance", "pubinfo")
        )
        publication = ox.NamedNode(here)

        def add(graph: ox.NamedNode, s: ox.NamedNode, p: str, o: Node) -> None:
            out.append(ox.Quad(s, ox.NamedNode(p), o, graph))

        add(head, publication, type_, ox.NamedNode(NP + "Nanopublication"))
        add(head, publication, NP + "hasAssertion", assertion)
        add(head, publication, NP + "hasProvenance", provenance)
        add(head, publication, NP + "hasPublicationInfo", info)
        for key in ("asserts", "puts"):
            for thing in properties.get(names.CU + key, []):
                for predicate, values in said.get(thing.value, {}).items():
                    for one in values:
                        add(assertion, named(thing), predicate, one)
        for predicate in (names.CU + "hasEvidence", names.CU + "basedOnClaim"):
            for ground in properties.get(predicate, []):
                add(provenance, assertion, names.PROV + "wasDerivedFrom", ground)
        for agent in properties.get(names.PROV + "wasAttributedTo", []):
            add(provenance, assertion, names.PROV + "wasAttributedTo", agent)
        curators = ox.NamedNode(names.D + "agent-curators")
        add(info, publication, names.DCTERMS + "creator", curators)
        add(info, publication, names.DCTERMS + "license", ox.NamedNode(CC_BY))
        add(info, publication, names.PROV + "wasDerivedFrom", ox.NamedNode(claim))
    text = ox.serialize(out, format=ox.RdfFormat.TRIG, prefixes=prefixes(out))
    return text or b""


def _by_subject(quads: Iterable[ox.Quad]) -> dict[str, dict[str, list[Node]]]:
    found: dict[str, dict[str, list[Node]]] = {}
    for q in quads:
        own = found.setdefault(value(q.subject), {})
        own.setdefault(q.predicate.value, []).append(node(q.object))
    return found


def _has(properties: dict[str, list[Node]], predicate: str, wanted: str) -> bool:
    return any(o.value == wanted for o in properties.get(predicate, ()))
