"""The hygiene queries find nothing in the ontology, and find a fault where one is planted."""

from __future__ import annotations

from pathlib import Path

import pytest
from owlapi import ONTOLOGY_FILES, ROOT, VOCABULARY_FILES
from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, Store, parse

QUERIES = {path.stem: path.read_text() for path in sorted((ROOT / "ontology/hygiene").glob("*.rq"))}

PREFIXES = """
@prefix cu: <https://w3id.org/catchup/ontology/> .
@prefix cuv: <https://w3id.org/catchup/vocab/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <https://example.org/> .
"""

#: For each query, what it must find when added to the ontology.
FAULTS = {
    "missing-label": 'cu:New a owl:Class ; skos:prefLabel "new"@en .',
    "missing-chinese-label": 'cu:New a owl:Class ; rdfs:label "new"@en , "neu"@de .',
    "missing-definition": 'cu:New a owl:Class ; rdfs:label "new"@en .',
    "missing-example": 'cuv:new a cu:Hedge ; skos:definition "New."@en .',
    "missing-source": 'cuv:new a cu:Hedge ; skos:definition "New."@en .',
    "duplicate-label": 'cuv:new a cu:Hedge ; skos:prefLabel "Nearly"@en .',
    "duplicate-definition": 'cuv:a skos:definition "Same."@en . cuv:b skos:definition "Same."@en .',
    "several-labels": 'cu:Claim rdfs:label "assertion"@en .',
    "stray-text": 'cu:New rdfs:label "new "@en .',
    "cycle": "cu:Claim rdfs:subClassOf cu:X . cu:X rdfs:subClassOf cu:Claim .",
    "undefined-term": "cuv:frugal skos:broader cuv:frugall .",
    "undeclared-external": "cu:Claim rdfs:subClassOf ex:Claim .",
    "punning": "cu:Claim a cu:Hedge .",
    "deprecated-in-use": "cu:asserts owl:deprecated true .",
    "chain-head-restricted": "cu:tookStep a owl:FunctionalProperty .",
    "datatype-outside-owl": "cu:date a owl:DatatypeProperty ; rdfs:range xsd:date .",
    "concept-outside-scheme": "cuv:new a cu:Hedge .",
    "not-defined-by": "cu:New a owl:Class .",
    "header": None,
}


ALIGNMENTS = sorted((ROOT / "ontology/alignments").glob("*.ttl"))


def load(*extra: str) -> Store:
    store = Store()
    for path in (*ONTOLOGY_FILES, *VOCABULARY_FILES):
        store.load(path=str(path), format=RdfFormat.TURTLE)
    for text in extra:
        store.load(PREFIXES + text, format=RdfFormat.TURTLE)
    return store


def rows(store: Store, query: str) -> list[str]:
    found = store.query(query)
    assert isinstance(found, QuerySolutions)
    return [" ".join(str(value) for value in row) for row in found]


@pytest.fixture(scope="module")
def store() -> Store:
    return load()


@pytest.mark.parametrize("name", QUERIES)
def test_finds_nothing_in_the_ontology(name: str, store: Store) -> None:
    assert rows(store, QUERIES[name]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_finds_a_planted_fault(name: str, store: Store) -> None:
    fault = FAULTS[name]
    broken = Store() if fault is None else load(fault)
    assert set(rows(broken, QUERIES[name])) - set(rows(store, QUERIES[name]))


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_an_alignment_ties_a_term_of_ours_to_one_that_the_core_does_not_use(
    path: Path, store: Store
) -> None:
    aligned = list(parse(path=str(path), format=RdfFormat.TURTLE))
    assert aligned
    for quad in aligned:
        assert isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
        assert any(store.quads_for_pattern(quad.subject, None, None, None)), quad.subject
        outside = not any(store.quads_for_pattern(quad.object, None, None, None))
        assert outside or quad.object.value.startswith("http://www.w3.org/ns/"), quad.object
