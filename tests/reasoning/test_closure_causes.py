"""What follows is kept per graph that caused it, so that a withdrawn case takes exactly its own."""

from __future__ import annotations

import time
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ENTITIES, SITUATIONS, claim, names, ontology, quads, situation
from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, Triple

from catchup.kg.names import CU, graph_iri
from catchup.kg.reasoning.admission import SOURCES, Cause
from catchup.kg.reasoning.joining import joining
from catchup.kg.reasoning.materialise import (
    Entailed,
    causes_of,
    materialise,
    materialise_case,
)
from catchup.kg.reasoning.rules import Program, compile_rules

CASES = ("case-a", "case-b", "case-c")
PLACES = ("fu2018", *CASES)
BASE = quads("entities", ENTITIES)
#: Properties that a plain statement uses here and in the data.
DIRECT = {NamedNode(CU + n) for n in ("unitOf", "brandOf", "locatedIn", "homeCountry")}


@cache
def rules() -> Program:
    return compile_rules(ontology())


@pytest.fixture(scope="module")
def program() -> Program:
    return rules()


def cause(*graphs: str) -> Cause:
    return frozenset(NamedNode(graph_iri(g)) for g in graphs)


def everything(found: dict[Cause, Entailed], within: Cause) -> set[Triple]:
    """Return what is kept when only the cases in `within` are there."""
    kept = [e for c, e in found.items() if c <= within]
    return set().union(*(e.direct | e.inferred for e in kept))


def known(written: list[Quad]) -> set[Triple]:
    return {q.triple for q in written}


class World(dict[str, list[Quad]]):
    """Quads by graph, short when printed."""

    def __repr__(self) -> str:
        return str({g: sorted(names(q.triple for q in qs)) for g, qs in self.items()})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Situations and claims strewn over a source and three cases, claims apart from theirs too."""
    texts = dict.fromkeys(PLACES, "")
    for name in SITUATIONS:
        place = draw(st.sampled_from(PLACES))
        texts[place] += SITUATIONS[name] + "\n"
        later = PLACES[
            PLACES.index(place) :
        ]  # what is there first cannot speak of what comes later
        claims = draw(
            st.lists(
                st.tuples(
                    st.sampled_from(later), st.sampled_from(["asserted", "asserted", "hedged"])
                ),
                max_size=3,
            )
        )
        for i, (where, force) in enumerate([(place, "asserted"), *claims][: len(claims) or 1]):
            texts[where] += claim(name, force, number=str(i))
    return World({place: quads(place, text) for place, text in texts.items() if text})


@settings(max_examples=40, deadline=None, derandomize=True)
@given(world=worlds())
def test_withdrawing_cases_leaves_what_the_others_entail(world: World) -> None:
    program = rules()
    found = materialise(program, [*BASE, *(q for qs in world.values() for q in qs)])
    for size in range(len(CASES) + 1):
        for left in combinations(CASES, size):
            written = [*BASE, *(q for g in ("fu2018", *left) for q in world.get(g, ()))]
            alone = materialise(program, written)
            expected = everything(alone, cause(*left))
            kept = everything(found, cause(*left))
            assert kept - known(written) == expected - known(written)


def loaded(written: list[Quad], found: dict[Cause, Entailed]) -> Store:
    """Return a store as the engine has it: named graphs, and their union as default graph."""
    store = Store()
    for quad in written:
        store.add(quad)
    for entailed in found.values():
        for name, made in (("direct", entailed.direct), ("inferred", entailed.inferred)):
            for t in made:
                store.add(Quad(t.subject, t.predicate, t.object, NamedNode(graph_iri(name))))
    for quad in list(store):
        store.add(Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()))
    return store


@settings(max_examples=25, deadline=None, derandomize=True)
@given(world=worlds())
def test_adding_cases_one_by_one_is_building_at_once(world: World) -> None:
    program = rules()
    written = [*BASE, *world.get("fu2018", [])]
    found = materialise(program, written)
    for case in CASES:
        parts = [(c, e.direct | e.inferred) for c, e in found.items() if c]
        store = loaded(written, found)
        more = materialise_case(program, store, world.get(case, []), causes_of(parts))
        for c, entailed in more.items():
            kept = found.setdefault(c, Entailed())
            kept.direct |= entailed.direct
            kept.inferred |= entailed.inferred
        written += world.get(case, [])
    at_once = materialise(program, written)
    for size in range(len(CASES) + 1):
        for left in combinations(CASES, size):
            asserted = known([*BASE, *(q for g in ("fu2018", *left) for q in world.get(g, ()))])
            one_by_one = everything(found, cause(*left)) - asserted
            assert one_by_one == everything(at_once, cause(*left)) - asserted


def test_each_case_has_its_own_and_the_joint_ones_name_both(program: Program) -> None:
    found = materialise(
        program,
        [
            *BASE,
            *quads("fu2018", situation("home") + situation("site") + situation("unit")),
            *quads("case-a", situation("learn")),
            *quads("case-b", situation("flow")),
        ],
    )
    both = names(found[cause("case-a", "case-b")].inferred)
    assert both == {"acme a ReverseLearningFirm"}
    assert "acme groupBuiltCapability s-cap" in names(found[cause("case-a")].inferred)
    assert "s-flow a ReverseFlow" in names(found[cause("case-b")].inferred)
    assert "acme hasUnit acme-south" in names(found[SOURCES].inferred)


def test_what_two_cases_entail_each_for_itself_is_kept_under_both(program: Program) -> None:
    found = materialise(
        program,
        [*BASE, *quads("case-a", situation("learn")), *quads("case-b", situation("learn2"))],
    )
    both_ways = "acme-south learnedVia channel1"
    assert both_ways in names(found[cause("case-a")].inferred)
    assert both_ways in names(found[cause("case-b")].inferred)
    assert cause("case-a", "case-b") not in found


def test_a_case_can_be_the_first_to_assert_what_a_source_hedges(program: Program) -> None:
    hedged = [*BASE, *quads("fu2018", SITUATIONS["learn"] + "\n" + claim("learn", "hedged"))]
    found = materialise(program, hedged)
    case = quads("case-a", claim("learn", number="z"))
    more = materialise_case(program, loaded(hedged, found), case)
    assert "acme-south builtCapability s-cap" in names(more[cause("case-a")].inferred)


def test_a_case_does_not_build_on_what_a_source_hedges(program: Program) -> None:
    hedged = [*BASE, *quads("fu2018", SITUATIONS["learn"] + "\n" + claim("learn", "hedged"))]
    found = materialise(program, hedged)
    more = materialise_case(program, loaded(hedged, found), quads("case-a", situation("unit")))
    inferred = set().union(*(names(e.inferred) for e in more.values()))
    assert "acme hasUnit acme-south" in inferred
    assert not any("s-cap" in f or "s-learn" in f for f in inferred)


def test_a_case_is_added_in_milliseconds(program: Program) -> None:
    written = list(BASE)
    for i in range(150):
        written += quads("fu2018", "".join(map(situation, SITUATIONS)).replace("d:s-", f"d:w{i}-"))
    found = materialise(program, written)
    store = loaded(written, found)
    case = quads("case-a", "".join(map(situation, SITUATIONS)).replace("d:s-", "d:new-"))
    materialise_case(program, store, case)
    began = time.process_time()
    more = materialise_case(program, store, case)
    assert time.process_time() - began < 0.5  # 0.01 s when the machine is free
    assert len(more[cause("case-a")].inferred) > 20


#: Rules that may join two cases, by what they conclude. All others stay within one graph.
JOINING = {
    "DevelopedMarketUnit",  # a unit's place, and that the place is a developed market
    "ReverseLearningFirm",
    "OutsideLearningEpisode",  # its type may follow from another graph's cu:learnerIn
    "ReverseFlow",  # and a flow's from another graph's cu:hasFlow
    "DownwardFlow",
    "HorizontalFlow",
    "FirmWithFailedInternationalisationEpisode",
    "WindowOpenedMove",  # a move of one graph, a window typed in another
    "learnsThrough",
    "builtCapability",
    "groupBuiltCapability",
    "learnedVia",
    "tookStep",
    "showsStage",
    "usedSourceOfStage",
    "leveragedByStrategy",
    "usesPractice",
    "learnedPracticeFrom",
    "hasAcquired",
    "hasFounded",
    "hasPartneredWith",
}


def test_the_rules_that_may_join_two_cases_are_these(program: Program) -> None:
    found = joining(program, DIRECT)
    heads = {str(r.head[2] if r.head[1].value.endswith("type") else r.head[1]) for r in found}
    assert {h.rpartition("/")[2].rstrip(">") for h in heads} == JOINING


@settings(max_examples=30, deadline=None, derandomize=True)
@given(world=worlds())
def test_no_other_rule_joins_two_cases(world: World) -> None:
    found = materialise(rules(), [*BASE, *(q for qs in world.values() for q in qs)])
    for graphs, entailed in found.items():
        for fact in names(entailed.inferred) if len(graphs) > 1 else ():
            subject, predicate, object_ = fact.split(" ")
            if (predicate == "a" and object_ not in JOINING) or predicate not in {"a", *JOINING}:
                # it follows from a joint conclusion, or is about a situation of one graph that a
                # claim of another keeps
                about_joint = any(
                    f.split(" ")[0] == subject and f.split(" ")[-1] in JOINING
                    for f in names(entailed.inferred)
                )
                assert about_joint or "s-" in fact
