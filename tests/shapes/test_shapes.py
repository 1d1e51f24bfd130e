"""The shapes themselves: well formed, named, declared, asserted only, harmless."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from rdflib import Graph

from catchup.kg import names
from catchup.kg.cases.terms import load_terms
from catchup.kg.reading.files import SHAPES, parse_turtle
from catchup.kg.shapes.files import PROFILES, shape_files, triples_of
from catchup.kg.shapes.lint import (
    derived_terms,
    explosive_patterns,
    named_terms,
    reaching_out,
)
from catchup.kg.shapes.load import load_profile

SH = names.SH
ALL = tuple(dict.fromkeys(t for p in PROFILES for t in triples_of(p)))
OWN = {t.subject.value for t in ALL if isinstance(t.subject, ox.NamedNode)}
CONSTRAINTS = {
    SH + name
    for name in (
        *("minCount", "maxCount", "class", "datatype", "nodeKind", "pattern", "in", "closed"),
        *("minInclusive", "maxInclusive", "maxLength", "minLength", "uniqueLang", "lessThan"),
        *("lessThanOrEquals", "or", "xone", "not"),
    )
}


def of(name: str) -> dict[str, str]:
    return {
        str(t.subject.value): str(t.object.value)  # type: ignore[union-attr]
        for t in ALL
        if t.predicate.value == SH + name
    }


def test_shacl_of_shacl_accepts_them() -> None:
    from pyshacl import validate

    own = parse_turtle(SHAPES / "profile-new-case.ttl")
    once = [*triples_of("profile-release"), *own]
    data = ox.serialize(once, format=ox.RdfFormat.TURTLE) or b""
    shapes = Graph().parse(data, format="turtle")
    conforms, _, text = validate(Graph(), shacl_graph=shapes, meta_shacl=True)
    assert conforms, text


def test_every_shape_with_a_constraint_speaks() -> None:
    constrained = {
        t.subject.value
        for t in ALL
        if t.predicate.value in CONSTRAINTS
        and isinstance(t.subject, ox.NamedNode)
        and t.subject.value.startswith(names.CUS)
    }
    for name in ("message", "name", "description", "severity"):
        assert constrained - set(of(name)) == set()
    paths = {s for s in of("path") if s.startswith(names.CUS)}
    for name in ("order", "group"):
        assert paths - set(of(name)) == set()
    assert len(constrained) > 250


def test_messages_are_plain_sentences() -> None:
    for shape, message in of("message").items():
        assert message[0].isupper() or message.startswith("'"), shape
        assert message.endswith((".", "?")), shape
        assert "{" not in message and "{?" not in message, shape


def test_shapes_name_only_what_is_declared_and_asserted() -> None:
    terms = load_terms()
    named = named_terms(ALL)
    declared = terms.classes | terms.properties | set(terms.concepts)
    assert named - declared == set()
    assert named & derived_terms(terms.ontology) == set()


def test_the_lint_finds_a_derived_term() -> None:
    shape = ox.NamedNode(names.CUS + "Bad")
    derived = ox.NamedNode(names.CU + "builtCapability")
    bad = [ox.Triple(shape, ox.NamedNode(SH + "path"), derived)]
    assert named_terms(bad) & derived_terms(load_terms().ontology) == {derived.value}


def test_no_pattern_can_run_for_ever() -> None:
    assert explosive_patterns(ALL) == []
    bad = ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode(SH + "pattern"), ox.Literal("^(a+)+$"))
    assert explosive_patterns([bad]) == ["^(a+)+$"]


def test_no_shape_lets_a_new_node_make_an_older_one_wrong() -> None:
    assert reaching_out(ALL) == []
    path, shape = ox.BlankNode("p"), ox.NamedNode("urn:s")
    bad = [
        ox.Triple(shape, ox.NamedNode(SH + "path"), path),
        ox.Triple(path, ox.NamedNode(SH + "inversePath"), ox.NamedNode(names.CU + "asserts")),
        ox.Triple(shape, ox.NamedNode(SH + "maxCount"), ox.Literal(1)),
    ]
    assert reaching_out(bad) == ["<urn:s>"]


def test_core_only() -> None:
    assert {t.predicate.value for t in ALL} & {SH + "sparql", SH + "js", SH + "rule"} == set()


def test_every_file_belongs_to_a_profile() -> None:
    in_profiles = set(ALL)
    for path in shape_files():
        here = {t for t in parse_turtle(path) if isinstance(t.subject, ox.NamedNode)}
        named = {t for t in here if not isinstance(t.object, ox.BlankNode)}
        assert named <= in_profiles, path.name


@pytest.mark.parametrize("profile", PROFILES)
def test_every_shape_is_reached_by_a_target(profile: str) -> None:
    ready = load_profile(profile)
    tables = (ready.by_class, ready.by_property)
    run = {str(s.node) for table in tables for shapes in table.values() for s in shapes}
    kept = {t.object.value for t in triples_of(profile) if t.predicate.value == SH + "property"}
    mine = {
        str(t.subject.value)  # type: ignore[union-attr]
        for t in triples_of(profile)
        if t.predicate.value == SH + "path" and isinstance(t.subject, ox.NamedNode)
    }
    assert mine - run - kept == set()
