"""What follows: the closure equals owlrl's over our terms, and nothing hedged becomes a fact."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import (
    ENTITIES,
    SITUATIONS,
    claim,
    names,
    ontology,
    over_our_terms,
    owlrl_closure,
    quads,
    situation,
    triples,
)
from pyoxigraph import BlankNode, NamedNode, Quad, Store, Triple

from catchup.kg.errors import InputError
from catchup.kg.names import OWL, RDF, RDFS, graph_iri
from catchup.kg.reasoning.admission import SOURCES
from catchup.kg.reasoning.closure import closure
from catchup.kg.reasoning.direct import DIRECT_QUERY
from catchup.kg.reasoning.expressions import type_
from catchup.kg.reasoning.materialise import materialise
from catchup.kg.reasoning.ontology import from_triples
from catchup.kg.reasoning.rules import Program, compile_rules
from catchup.kg.snapshot.inputs import Inputs, read_inputs

ALL = ENTITIES + "".join(situation(name) for name in SITUATIONS)


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_rules(ontology())


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return read_inputs()


def inferred(program: Program, text: str, graph: str = "fu2018") -> set[str]:
    found = materialise(program, [*quads("entities", ENTITIES), *quads(graph, text)])[SOURCES]
    return names(found.inferred | found.direct)


# ------------------------------------------------------------------------------- equal to owlrl


def logical(axioms: Iterable[Triple]) -> list[Triple]:
    """Return what can take part: no labels or definitions, and no declarations of terms.

    owlrl takes four times as long with them.
    """
    vocabularies = (RDF, RDFS, OWL)
    asides = {RDFS + n for n in ("label", "comment", "isDefinedBy", "seeAlso")}
    declared = {owl(k) for k in ("Class", "ObjectProperty", "DatatypeProperty", "Ontology")}
    return [
        t
        for t in axioms
        if t.predicate.value.startswith(vocabularies)
        and t.predicate.value not in asides
        and t.object not in declared
    ]


def compare_with_owlrl(inputs: Inputs, most: int) -> None:
    """Compare on all data, but on no more than `most` nodes of each type.

    Left out too are triples whose predicate no axiom names: they cannot take part.
    """
    axioms = [q.triple for q in inputs.of("ontology")]
    program = compile_rules(from_triples(axioms))
    outside = {"ontology", "shapes", "queries"}
    written = [q for g, qs in inputs.graphs.items() if g not in outside for q in qs]
    facts = {q.triple for q in written if q.predicate in program.predicates}
    for found in materialise(program, written).values():
        facts |= found.direct
    seen: Counter[str] = Counter()
    dropped = set()
    for t in sorted(facts, key=str):
        if t.predicate == type_:
            seen[str(t.object)] += 1
            if seen[str(t.object)] > most:
                dropped.add(t.subject)
    facts = {t for t in facts if t.subject not in dropped}
    ours = closure(facts, program.ontology)
    theirs = over_our_terms(owlrl_closure(facts, logical(axioms)), program.ontology)
    assert len(ours) > 300
    assert ours - theirs == set()
    assert theirs - ours == set()


def test_the_data_close_as_in_owlrl(inputs: Inputs) -> None:
    compare_with_owlrl(inputs, 12)


@pytest.mark.slow
def test_all_data_close_as_in_owlrl(inputs: Inputs) -> None:
    compare_with_owlrl(inputs, 10**9)


A, B, C, D_, E = (NamedNode(f"http://example.org/C{i}") for i in range(5))
P, Q, R = (NamedNode(f"http://example.org/p{i}") for i in range(3))
THINGS = [NamedNode(f"http://example.org/x{i}") for i in range(4)]
CLASSES, PROPERTIES = [A, B, C, D_, E], [P, Q, R]
_counter = iter(range(10**9))


def owl(name: str) -> NamedNode:
    return NamedNode(OWL + name)


def listed(members: list[NamedNode | BlankNode]) -> tuple[NamedNode | BlankNode, list[Triple]]:
    head: NamedNode | BlankNode = NamedNode(RDF + "nil")
    out: list[Triple] = []
    for member in reversed(members):
        node = BlankNode(f"l{next(_counter)}")
        out += [
            Triple(node, NamedNode(RDF + "first"), member),
            Triple(node, NamedNode(RDF + "rest"), head),
        ]
        head = node
    return head, out


def restriction(
    kind: str, p: NamedNode, value: NamedNode | BlankNode
) -> tuple[BlankNode, list[Triple]]:
    node = BlankNode(f"r{next(_counter)}")
    return node, [
        Triple(node, NamedNode(RDF + "type"), owl("Restriction")),
        Triple(node, owl("onProperty"), p),
        Triple(node, owl(kind), value),
    ]


@st.composite
def expression(draw: st.DrawFn, deep: int = 2) -> tuple[NamedNode | BlankNode, list[Triple]]:
    if deep == 0 or draw(st.booleans()):
        return draw(st.sampled_from(CLASSES)), []
    kind = draw(st.sampled_from(["some", "only", "value", "and", "or"]))
    if kind == "value":
        return restriction(
            "hasValue", draw(st.sampled_from(PROPERTIES)), draw(st.sampled_from(THINGS))
        )
    inner, more = draw(expression(deep=deep - 1))
    if kind in ("some", "only"):
        node, own = restriction(
            f"{'some' if kind == 'some' else 'all'}ValuesFrom",
            draw(st.sampled_from(PROPERTIES)),
            inner,
        )
        return node, [*own, *more]
    other, rest = draw(expression(deep=deep - 1))
    head, cells = listed([inner, other])
    node = BlankNode(f"e{next(_counter)}")
    return node, [
        Triple(node, NamedNode(RDF + "type"), owl("Class")),
        Triple(node, owl("intersectionOf" if kind == "and" else "unionOf"), head),
        *cells,
        *more,
        *rest,
    ]


@st.composite
def axiom(draw: st.DrawFn) -> list[Triple]:
    p, q, r = (draw(st.sampled_from(PROPERTIES)) for _ in range(3))
    kind = draw(
        st.sampled_from(
            [
                "class",
                "class",
                "class",
                "same",
                "domain",
                "range",
                "property",
                "inverse",
                "symmetric",
                "transitive",
                "chain",
            ]
        )
    )
    if kind in ("class", "same"):
        sub, more = draw(expression())
        sup, rest = draw(expression())
        name = NamedNode(RDFS + "subClassOf") if kind == "class" else owl("equivalentClass")
        return [Triple(sub, name, sup), *more, *rest]
    if kind in ("domain", "range"):
        node, more = draw(expression(deep=1))
        return [Triple(p, NamedNode(RDFS + kind), node), *more]
    if kind == "chain":
        head, cells = listed([q, r])
        return [Triple(p, owl("propertyChainAxiom"), head), *cells]
    simple = {
        "property": Triple(p, NamedNode(RDFS + "subPropertyOf"), q),
        "inverse": Triple(p, owl("inverseOf"), q),
        "symmetric": Triple(p, NamedNode(RDF + "type"), owl("SymmetricProperty")),
        "transitive": Triple(p, NamedNode(RDF + "type"), owl("TransitiveProperty")),
    }
    return [simple[kind]]


FACTS = st.one_of(
    st.builds(
        Triple, st.sampled_from(THINGS), st.just(NamedNode(RDF + "type")), st.sampled_from(CLASSES)
    ),
    st.builds(
        Triple, st.sampled_from(THINGS), st.sampled_from(PROPERTIES), st.sampled_from(THINGS)
    ),
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(axiom(), min_size=2, max_size=6), st.lists(FACTS, min_size=3, max_size=10))
def test_any_ontology_closes_as_in_owlrl(stated: list[list[Triple]], facts: list[Triple]) -> None:
    axioms = [t for some in stated for t in some]
    axioms += [Triple(c, NamedNode(RDF + "type"), owl("Class")) for c in CLASSES]
    axioms += [Triple(p, NamedNode(RDF + "type"), owl("ObjectProperty")) for p in PROPERTIES]
    terms = from_triples(axioms)
    theirs = over_our_terms(owlrl_closure(facts, axioms), terms)
    assert closure(facts, terms) == theirs - set(facts)


@pytest.mark.parametrize(
    "axiom",
    [
        "cu:actor a owl:FunctionalProperty .",
        "d:a owl:sameAs d:b .",
        "cu:Firm rdfs:subClassOf [ a owl:Restriction ; owl:onProperty cu:actor ; owl:maxCardinality 1 ] .",
        "cu:Firm rdfs:subClassOf [ a owl:Restriction ; owl:onProperty [ owl:inverseOf cu:actor ] ; "
        "owl:someValuesFrom cu:Unit ] .",
    ],
)
def test_axioms_that_the_rules_cannot_honour_are_refused(axiom: str) -> None:
    with pytest.raises(InputError) as error:
        closure([], triples(axiom))
    assert error.value.remedy


def test_thirty_thousand_triples_take_under_five_seconds(program: Program) -> None:
    copies = 1 + 30_000 // len(triples(ALL))
    written: list[Quad] = []
    for i in range(copies):
        text = ALL.replace("d:", f"d:w{i}-")
        written += quads("fu2018", text)
    began = time.process_time()
    found = materialise(program, written)[SOURCES]
    seconds = time.process_time() - began
    assert len(written) >= 30_000
    assert len(found.inferred) > 20 * copies
    assert seconds < 5


# --------------------------------------------------------- only what is asserted reaches the rules


def test_a_claim_that_is_asserted_reaches_the_rules(program: Program) -> None:
    text = situation("learn")
    assert "acme-south builtCapability s-cap" in inferred(program, text)
    assert "acme-south learnedVia channel1" in inferred(program, text)


@pytest.mark.parametrize(
    ("force", "rank"),
    [
        ("hedged", "normal"),
        ("normative", "normal"),
        ("conditional", "normal"),
        ("asserted", "deprecated"),
    ],
)
@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_a_hedge_or_a_deprecated_claim_yields_nothing_about_its_situation(
    program: Program, force: str, rank: str, name: str
) -> None:
    nothing = inferred(program, "")
    found = inferred(program, SITUATIONS[name] + claim(name, force, rank)) - nothing
    # the types of what is described under the situation follow from its own written type
    assert {f for f in found if " a " not in f} == set()
    assert not any(f"s-{name} " in f for f in found)


@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_a_second_normal_claim_keeps_a_situation(program: Program, name: str) -> None:
    weak = claim(name, "hedged") + claim(name, "asserted", "deprecated", "b")
    kept = inferred(program, SITUATIONS[name] + weak + claim(name, number="c"))
    expected = inferred(program, SITUATIONS[name] + claim(name, number="c"))
    assert expected <= kept
    assert expected > inferred(program, SITUATIONS[name])


def test_a_situation_without_a_claim_yields_nothing(program: Program) -> None:
    assert not any("s-learn" in f for f in inferred(program, SITUATIONS["learn"]))


def test_a_relation_nested_under_a_hedged_situation_stays_a_hedge(program: Program) -> None:
    nested = (
        "d:s-move a cu:CatchUpMove ; cu:actor d:acme ; cu:usesResource d:s-res . "
        "d:s-res a cu:AsymmetricResource ; cu:turnedInto d:s-able . "
        "d:s-able a cu:AsymmetricCapability ; cu:leveragedBy d:s-plan . "
        "d:s-plan a cu:InnovationStrategy .\n"
    )
    conclusion = "s-res leveragedByStrategy s-plan"
    assert conclusion in inferred(program, nested + claim("move"))
    assert conclusion not in inferred(program, nested + claim("move", "hedged"))


def test_a_claim_that_asserts_no_situation_is_refused(program: Program) -> None:
    with pytest.raises(InputError, match="not a situation") as error:
        inferred(program, "d:s-odd a cu:Firm .\n" + claim("odd"))
    assert "d:c-odd asserts d:s-odd" in str(error.value)


# ------------------------------------------------------------------------------- direct triples


def test_what_ended_yields_no_direct_triple(program: Program) -> None:
    found = inferred(program, situation("unit") + situation("past"))
    assert "acme-south unitOf acme" in found
    assert "acme-south unitOf beta" not in found


def test_direct_triples_are_those_of_the_published_query(program: Program, inputs: Inputs) -> None:
    outside = {"shapes", "queries", "curation"}
    written = [q for g, qs in inputs.graphs.items() if g not in outside for q in qs]
    store = Store()
    store.extend(written)
    asked = store.query(DIRECT_QUERY, use_default_graph_as_union=True)
    found = materialise(program, written)[SOURCES].direct
    assert found == set(asked)  # type: ignore[arg-type]
    assert len(found) > 50


def test_curators_inferences_stay_apart(program: Program) -> None:
    written = [
        *quads("entities", ENTITIES),
        *quads("fu2018", situation("unit")),
        *quads("curation", situation("learn")),
    ]
    found = materialise(program, written)
    curators = frozenset({NamedNode(graph_iri("curation"))})
    assert "acme groupBuiltCapability s-cap" in names(found[curators].inferred)
    assert "acme hasUnit acme-south" in names(found[SOURCES].inferred)
    assert not any("s-cap" in f for f in names(found[SOURCES].inferred))
