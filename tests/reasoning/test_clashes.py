"""What contradicts the axioms: found by rules exactly where HermiT finds it, and told in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from invented import ENTITIES, HEADER, SITUATIONS, ontology, situation, triples
from owlapi import Reasoned, logic
from pyoxigraph import RdfFormat, Triple, serialize
from rdflib import Graph

from catchup.kg.errors import InputError
from catchup.kg.reasoning import hermit
from catchup.kg.reasoning.clashes import Clash, find_clashes
from catchup.kg.reasoning.clashes import clashes as clashes_of
from catchup.kg.reasoning.lookup import Memory
from catchup.kg.reasoning.ontology import as_fact, from_files
from catchup.kg.reasoning.rules import Program, compile_rules
from catchup.kg.snapshot.inputs import read_inputs

VALID = ENTITIES + "".join(situation(n) for n in SITUATIONS)

#: What is added to a valid world, and what the words must name.
INVALID = {
    "d:acme a cu:Country .": ["d:acme cannot be both", "cu:Country", "cu:Firm"],
    "d:north a cu:DevelopedMarket .": ["d:north", "cu:DevelopedMarket", "cu:EmergingMarket"],
    "d:x a cu:LearningEpisode ; cu:resultsInCapability d:acme .": [
        "cu:resultsInCapability",
        "d:acme",
    ],
    "d:c-x a cu:Claim ; cu:asserts d:acme .": ["cu:asserts", "d:acme", "cu:Situation"],
    "d:acme cu:hasEvidence d:p .": ["cu:hasEvidence", "d:acme", "cu:Claim"],
    "d:c-x a cu:Claim ; cu:hasEvidence d:s-learn .": ["cu:Evidence", "d:s-learn"],
    "d:x a cu:Figure ; cu:period d:acme .": ["cu:period", "d:acme", "cu:Period"],
    "d:x a cu:Claim , cu:Situation .": ["d:x cannot be both", "cu:Claim", "cu:Situation"],
    'd:t-past cu:startYear "2005" .': ["xsd:integer", "xsd:string"],
    "d:t-past cu:startYear 2005.5 .": ["xsd:integer", "xsd:decimal"],
    'd:x a cu:Figure ; cu:numericValue "many"@en .': ["xsd:decimal", "@en"],
    "d:x a cu:Figure ; cu:rankValue true .": ["xsd:integer", "xsd:boolean"],
}
#: What looks odd and contradicts nothing: the world is open.
HARMLESS = [
    "d:acme a cu:Unit .",
    "d:s-sell a cu:LearningEpisode .",
    "d:acme cu:homeCountry d:south .",
    "d:x a cu:Figure ; cu:numericValue 5 .",
    "d:x a cu:LearningEpisode .",
    "d:south cu:locatedIn d:acme .",
    "d:x a cu:KnowledgeFlow ; cu:fromRole cuv:hub , cuv:spoke ; cu:toRole cuv:hub .",
    "d:t-past cu:startYear 2005 , 2006 .",
]


@cache
def axioms() -> list[Triple]:
    return [Triple(*f) for f in ontology().triples]  # type: ignore[arg-type]


def clashes(text: str) -> list[Clash]:
    return find_clashes(triples(VALID + text), axioms())


@cache
def ontology_logic() -> Graph:
    return logic(graph(axioms()))


def graph(stated: list[Triple]) -> Graph:
    return Graph().parse(data=serialize(stated, format=RdfFormat.N_TRIPLES), format="nt")


def consistent(text: str) -> bool:
    """Ask HermiT."""
    return Reasoned(ontology_logic() + graph(triples(VALID + text))).consistent()


@pytest.mark.parametrize("text", ["", *INVALID, *HARMLESS])
def test_a_clash_is_found_where_hermit_finds_one(text: str) -> None:
    assert bool(clashes(text)) is (not consistent(text))


@pytest.mark.parametrize("text", INVALID)
def test_a_clash_is_told_in_words_with_its_axioms_and_triples(text: str) -> None:
    found = clashes(text)
    assert all(any(word in c.detail for c in found) for word in INVALID[text])
    added = {(t.subject, t.predicate, t.object) for t in triples(text)}
    assert any(set(c.triples) & added for c in found)
    assert all(c.axioms and c.axiom and c.subject.startswith("https://") for c in found)
    assert all(a.file.endswith(".ttl") for c in find_with_files(text) for a in c.axioms)


@cache
def rules() -> Program:
    return compile_rules(ontology())


def find_with_files(text: str) -> list[Clash]:
    return clashes_of(rules(), [as_fact(t) for t in triples(VALID + text)], Memory())


def test_a_value_that_fits_no_member_of_a_union_clashes() -> None:
    own = """cu:holds a owl:ObjectProperty ; rdfs:range [ a owl:Class ; owl:unionOf ( cu:Firm cu:Country ) ] .
    cu:Firm a owl:Class . cu:Country a owl:Class . cu:Claim a owl:Class .
    [] a owl:AllDisjointClasses ; owl:members ( cu:Firm cu:Country cu:Claim ) ."""
    found = find_clashes(triples("d:a cu:holds d:c . d:c a cu:Claim ."), triples(own))
    assert [c.subject for c in found] == ["https://w3id.org/catchup/id/c"]
    assert "cu:Firm or cu:Country" in found[0].detail
    assert not find_clashes(triples("d:a cu:holds d:c . d:c a cu:Firm ."), triples(own))


# ------------------------------------------------------------------------------------- HermiT


def test_hermit_finds_the_ontology_consistent() -> None:
    report = hermit.check(axioms())
    assert report.consistent and not report.unsatisfiable
    assert len(report.subclasses) > 50


def test_all_data_are_consistent() -> None:
    graphs = read_inputs().graphs
    stated = [q.triple for g, qs in graphs.items() if g not in ("shapes", "queries") for q in qs]
    assert hermit.run(stated, classify=False).consistent
    assert clashes_of(rules(), [as_fact(t) for t in stated], Memory()) == []


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(HEADER + text)
    return path


def test_an_inconsistent_ontology_is_refused_with_axioms_and_files(tmp_path: Path) -> None:
    one = write(
        tmp_path,
        "classes.ttl",
        "cu:Firm a owl:Class . cu:Country a owl:Class ; owl:disjointWith cu:Firm .",
    )
    two = write(tmp_path, "things.ttl", "d:both a owl:NamedIndividual , cu:Firm , cu:Country .")
    read = from_files([one, two])
    with pytest.raises(hermit.InconsistentOntology) as error:
        hermit.check(read.triples, read.files)
    told = {(p.detail, p.where.file) for p in error.value.problems}
    assert {f for _, f in told} == {"classes.ttl", "things.ttl"}
    assert any("both type Country" in d for d, _ in told)


def test_an_unsatisfiable_class_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "odd.ttl",
        "cu:A a owl:Class . cu:B a owl:Class ; owl:disjointWith cu:A . "
        "cu:Odd a owl:Class ; rdfs:subClassOf cu:A , cu:B .",
    )
    read = from_files([path])
    with pytest.raises(hermit.UnsatisfiableClass, match="cu:Odd") as error:
        hermit.check(read.triples, read.files)
    assert {p.where.file for p in error.value.problems} == {"odd.ttl"}


def test_a_datatype_that_hermit_cannot_take_is_told(tmp_path: Path) -> None:
    text = (
        'cu:when a owl:DatatypeProperty . d:x a owl:NamedIndividual ; cu:when "2005"^^xsd:gYear .'
    )
    read = from_files([write(tmp_path, "year.ttl", text)])
    with pytest.raises(InputError, match="gYear"):
        hermit.check(read.triples)
