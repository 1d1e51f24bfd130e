"""The catalogue of questions, each answered by two engines and compared with the gold answer.

The answers in queries/expected/ were written from the sources; each question's skos:note names the
passages. Both engines see the same default graph, each triple once, beside the graphs outside it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path as File
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.plugins.sparql as rdflib_sparql
from rdflib.paths import Path
from rdflib.plugins.sparql.evaluate import evalLazyJoin
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import AlreadyBound
from support.built import built_home

from catchup.kg import names
from catchup.kg.catalogue import Question, catalogue, question
from catchup.kg.engine.gate import bind
from catchup.kg.engine.model import Request, Term, iri_term, literal_term
from catchup.kg.engine.sync import Engine
from catchup.kg.reading.files import ONTOLOGY, QUERIES
from catchup.kg.snapshot.manifest import read_manifest

# rdflib warns of itself at every pattern that it evaluates
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")

QUESTIONS = list(catalogue().values())
EXPECTED = QUERIES / "expected"
#: Terms that no question about the sources can use, and why.
BESIDE_THE_QUESTIONS = {
    "expectedResult": "names the file of a question's answer, in the catalogue itself",
    "definedInPassage": "says of a term of the ontology itself where it was found",
    "DirectTriple": "what explanations are made of; not stored in a graph",
    "intervieweeRole": "of a round with one informant only; the questions read cu:hasInterviewee",
    "intervieweesOf": "of a round with one informant only; the questions read cu:hasInterviewee",
    "funder": "for entered cases; the three sources thank by cu:Support",
}
Rows = list[list[str]]


@cache
def quads() -> tuple[list[ox.Triple], list[ox.Quad]]:
    """Return the default graph, each triple once, and the quads outside it."""
    home = built_home()
    manifest = read_manifest(home)
    assert manifest is not None
    inside: dict[ox.Triple, None] = {}
    outside: list[ox.Quad] = []
    for part in manifest.parts:
        for quad in ox.parse(path=home / part.file, format=ox.RdfFormat.N_QUADS):
            if part.default:
                inside[quad.triple] = None
            else:
                outside.append(quad)
    return list(inside), outside


@cache
def oxigraph() -> ox.Store:
    """Return the snapshot in the embedded engine's store."""
    inside, outside = quads()
    store = ox.Store()
    store.bulk_extend(ox.Quad(*triple) for triple in inside)
    store.bulk_extend(outside)
    return store


@cache
def dataset() -> rdflib.Dataset:
    """Return the same in rdflib; a query may load nothing."""
    rdflib_sparql.SPARQL_LOAD_GRAPHS = False
    rdflib_sparql.CUSTOM_EVALS["bound first"] = bound_first
    found = rdflib.Dataset()
    for quad in oxigraph():
        inside = isinstance(quad.graph_name, ox.DefaultGraph)
        graph = found.default_graph if inside else found.graph(to_rdflib(quad.graph_name))
        graph.add((to_rdflib(quad.subject), to_rdflib(quad.predicate), to_rdflib(quad.object)))
    return found


@cache
def to_rdflib(term: Any) -> Any:
    """Return a term of the one engine as a term of the other."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    assert isinstance(term, ox.Literal)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == names.XSD + "string":
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value))


def bound_first(context: Any, part: Any) -> Any:
    """Evaluate a basic graph pattern best bound first, and push what a join knows into its right.

    rdflib orders triple patterns before any VALUES or enclosing pattern gives a value, and
    evaluates the right side of every join but the innermost from nothing: half of the questions
    took minutes each. A right side with a SELECT of its own stays on its own.
    """
    if part.name == "BGP":
        return solutions(context, list(part.triples))
    if part.name == "Join" and not has_select(part.p2):
        return evalLazyJoin(context, part)
    raise NotImplementedError


def has_select(part: Any) -> bool:
    """Tell whether there is a SELECT in a part of a query's algebra."""
    if not isinstance(part, CompValue) or part.name == "BGP":
        return False
    return part.name in ("Project", "Distinct", "Slice", "Minus") or any(
        has_select(part[key]) for key in ("p", "p1", "p2") if key in part
    )


def solutions(context: Any, patterns: list[Any]) -> Iterator[Any]:
    if not patterns:
        yield context.solution()
        return
    chosen = min(patterns, key=lambda pattern: cost(context, pattern))
    rest = [p for p in patterns if p is not chosen]
    values = [context[term] for term in chosen]
    for triple in context.graph.triples(tuple(values)):
        inner = context.push()
        try:
            for term, value, found in zip(chosen, values, triple, strict=True):
                if value is None:
                    inner[term] = found
        except AlreadyBound:
            continue
        yield from solutions(inner, rest)


def cost(context: Any, pattern: Any) -> tuple[int, bool, bool]:
    """Return what a triple pattern may cost: paths between unknowns and whole classes last."""
    subject, predicate, obj = (context[term] is not None for term in pattern)
    unbound = (not subject) * 2 + (not obj) + (not predicate) * 2
    return unbound, isinstance(pattern[1], Path), pattern[1] == rdflib.RDF.type


def defaults(asked: Question) -> dict[str, Term]:
    """Return the terms of the parameters' defaults; those without one stay open."""
    return {
        p.name: iri_term(p.default) if p.cls else literal_term(p.default, p.datatype)
        for p in asked.parameters
        if p.default is not None
    }


def text(asked: Question) -> str:
    """Return the query with the default values bound, as the engine binds them."""
    values = {
        name: f"<{term['value']}>"
        if term["type"] == "uri"
        else f'"{term["value"]}"^^<{term["datatype"]}>'
        for name, term in defaults(asked).items()
    }
    return bind(asked.query, values)


def gold(asked: Question) -> Rows:
    """Return the rows of the expected answer, its head first."""
    with (EXPECTED / asked.expected).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def by_name(asked: Question) -> str:
    return asked.name


each = pytest.mark.parametrize("asked", QUESTIONS, ids=by_name)


@each
def test_the_embedded_engine_gives_the_expected_answer(asked: Question) -> None:
    answer = oxigraph().query(text(asked))
    assert isinstance(answer, ox.QuerySolutions)
    head = [v.value for v in answer.variables]
    rows = [["" if s[v] is None else s[v].value for v in head] for s in answer]
    assert rows, "an answer of the catalogue is never empty"
    assert [head, *rows] == gold(asked)


@each
def test_rdflib_gives_the_expected_answer(asked: Question) -> None:
    answer = dataset().query(text(asked))
    head = [str(v) for v in answer.vars or []]
    rows = [["" if value is None else str(value) for value in row] for row in answer]
    assert [head, *sorted(rows)] == [gold(asked)[0], *sorted(gold(asked)[1:])]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(built_home() / "manifest.json") as running:
        yield running


@pytest.mark.parametrize(
    "name", ["released-units", "propositions-and-cases", "table-1", "references-of-a-year"]
)
def test_the_service_answers_as_the_store_does(name: str, engine: Engine) -> None:
    asked = question(name)
    request = Request(asked.query, results="csv", substitutions=defaults(asked))
    body = engine.query(request).body.decode()
    assert list(csv.reader(io.StringIO(body, newline=""))) == gold(asked)


@each
def test_a_comment_says_what_is_asked_and_what_is_returned(asked: Question) -> None:
    sentences = re.split(r"(?<=[.?:;]) ", asked.question)
    assert "?" in asked.question
    assert any(re.match(r"Returns \w+", sentence) for sentence in sentences)


@each
def test_a_question_is_complete(asked: Question) -> None:
    assert re.fullmatch(r"CQ-[1-9]\d*", asked.identifier)
    assert asked.keywords
    assert asked.grounds, "say by which passages the answer was written"
    assert asked.expected == f"{asked.name}.csv"
    for parameter in asked.parameters:
        assert parameter.description
        assert bool(parameter.cls) != bool(parameter.datatype)
        assert parameter.default is not None or parameter.optional
        assert re.search(rf"\?{parameter.name}\b", asked.text)


def test_identifiers_are_used_once_and_leave_no_gap() -> None:
    numbers = sorted(int(q.identifier.removeprefix("CQ-")) for q in QUESTIONS)
    assert numbers == list(range(1, len(QUESTIONS) + 1))


def test_every_expected_answer_belongs_to_a_question() -> None:
    assert {p.name for p in EXPECTED.iterdir()} == {q.expected for q in QUESTIONS}


def test_every_term_of_the_ontology_is_used_by_a_question() -> None:
    used = {term for q in QUESTIONS for term in re.findall(r"\bcu:(\w+)", q.text)}
    assert used <= declared_terms()
    assert declared_terms() - used - set(BESIDE_THE_QUESTIONS) == set()


def declared_terms() -> set[str]:
    """Return the local names of all classes and properties of the ontology."""
    return {subject.value.removeprefix(names.CU) for subject in declarations()}


def declarations() -> Iterator[ox.NamedNode]:
    properties = ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
    kinds = {names.OWL + kind for kind in ("Class", *properties)}
    for path in sorted(File(ONTOLOGY).glob("*.ttl")):
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
            if quad.predicate.value == names.RDF + "type" and isinstance(quad.object, ox.NamedNode):
                if quad.object.value in kinds and isinstance(quad.subject, ox.NamedNode):
                    if quad.subject.value.startswith(names.CU):
                        yield quad.subject
