"""Small graphs for tests of the endpoint: a few things told exactly, and bulk to be hostile with."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from catchup.kg.names import CU, CUV, RDF, RDFS, D

BULK = 4000


def node(iri: str) -> ox.NamedNode:
    """Return an IRI as a node."""
    return ox.NamedNode(iri)


def label(thing: str, text: str, language: str = "en") -> ox.Triple:
    """Return a triple that labels a thing."""
    return ox.Triple(node(thing), node(RDFS + "label"), ox.Literal(text, language=language))


def graphs() -> dict[str, list[ox.Triple]]:
    """Return named graphs: two share triples, one is outside the default graph."""
    huawei = [
        ox.Triple(node(D + "huawei"), node(RDF + "type"), node(CU + "Firm")),
        label(D + "huawei", "Huawei"),
        label(D + "huawei", "华为", "zh-hans"),
    ]
    return {
        "entities": huawei,
        "fu2018": [
            *huawei,
            ox.Triple(node(D + "ev-1"), node(CU + "actor"), node(D + "huawei")),
            ox.Triple(node(D + "ev-1"), node(CU + "viaChannel"), node(CUV + "hostCountry")),
            label(D + "ev-1", 'Says "so", <b>&amp;</b> },{ and\nmore; =1+1'),
        ],
        "wei2018": [*huawei[:1], *bulk()],
        "ontology": [
            ox.Triple(node(CU + "Firm"), node(RDF + "type"), node("http://www.w3.org/2002/07/owl#Class")),
            label(CU + "Firm", "firm"),
            label(CU + "actor", "actor"),
        ],
        "vocab": [label(CUV + "hostCountry", "host country")],
        "curation": [ox.Triple(node(D + "huawei"), node(CU + "relatesTo"), node(D + "zte"))],
    }  # fmt: skip


def bulk() -> Iterator[ox.Triple]:
    """Return triples enough for a cross join to be hopeless."""
    for i in range(BULK):
        yield ox.Triple(node(f"{D}b{i}"), node(CU + "next"), node(f"{D}b{(i * 7 + 1) % BULK}"))
        yield ox.Triple(node(f"{D}b{i}"), node(CU + "rank"), ox.Literal(i))
