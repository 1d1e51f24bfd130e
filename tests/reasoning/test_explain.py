"""Why a triple holds: down to claims with their evidence, through axioms in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from invented import ENTITIES, SITUATIONS, claim, ontology, quads, situation
from pyoxigraph import NamedNode, Quad, Store

from catchup.kg.errors import NotFound, SyntaxProblem
from catchup.kg.names import CU, graph_iri
from catchup.kg.reasoning.explain import Explanation, explain
from catchup.kg.reasoning.expressions import Fact
from catchup.kg.reasoning.materialise import materialise
from catchup.kg.reasoning.notation import parse_triple
from catchup.kg.reasoning.rules import Program, compile_rules

SHY = (
    "d:s-shy a cu:Siting ; cu:stSubject d:beta ; "
    "cu:stPredicate cu:homeCountry ; cu:stObject d:south .\n"
)
NUMBERED = (
    'd:c-learn dcterms:identifier "FU-0001" ; rdfs:label "The unit learned something."@en ; '
    "cu:voice cuv:authors ; cu:hasEvidence d:p-1 . d:p-1 a cu:Passage ; oa:hasSource d:fu2018 ; "
    "cu:inPart d:part ; oa:hasSelector d:p-1-s1 . d:p-1-s1 oa:start 10 ; oa:end 25 ."
)


@cache
def rules() -> Program:
    return compile_rules(ontology())


@cache
def store() -> Store:
    guess = situation("home").replace("d:acme", "d:beta").replace("-home", "-guess")
    written = [
        *quads("ontology", ""),
        *quads("entities", ENTITIES + "d:acme rdfs:label 'Acme'@en ."),
        *quads("bibliography", "d:fu2018 a cu:Document ; rdfs:label 'The paper'@en ."),
        *quads("fu2018", "".join(map(situation, SITUATIONS)) + NUMBERED),
        *quads("wei2018", SHY + claim("shy", "hedged")),
        *quads("curation", guess),
    ]
    found = Store()
    found.extend(written)
    for cause, entailed in materialise(rules(), written).items():
        tail = "-curation" if cause else ""
        for name, made in (("direct", entailed.direct), ("inferred", entailed.inferred)):
            node = NamedNode(graph_iri(name + tail))
            found.extend(Quad(t.subject, t.predicate, t.object, node) for t in made)
    return found


def why(text: str) -> Explanation:
    s, p, o = parse_triple(*text.split(" ", 2))
    return explain(s, p, o, store(), rules())


def leaves(found: Explanation) -> Iterator[Explanation]:
    if not found.premises:
        yield found
    for premise in found.premises:
        yield from leaves(premise)


def test_an_asserted_triple_is_explained_by_its_claim_and_evidence() -> None:
    found = why("d:s-learn cu:hasLearner d:acme-south")
    assert (found.kind, found.graphs) == ("asserted", (graph_iri("fu2018"),))
    (told,) = found.claims
    assert (told.number, told.label) == ("FU-0001", "The unit learned something.")
    assert told.about["force"] == ("asserted",)
    (evidence,) = told.evidence
    assert (evidence.kind, evidence.document, evidence.segments) == (
        "Passage",
        "The paper",
        ((10, 25),),
    )


def test_what_is_nested_in_a_situation_stands_on_its_claim() -> None:
    assert [c.number for c in why("d:s-cap a cu:Capability").claims] == ["FU-0001"]


def test_an_entity_needs_no_claim_for_its_type() -> None:
    found = why("d:acme a cu:Firm")
    assert found.kind == "asserted" and not found.claims and "no claim" in found.note


def test_a_direct_triple_is_explained_by_its_statement() -> None:
    found = why("d:acme-south cu:unitOf d:acme")
    assert found.kind == "direct"
    assert {p.fact[0].value.rpartition("/")[2] for p in found.premises} == {"s-unit"}
    assert all(p.claims for p in found.premises)


def test_an_inferred_triple_is_explained_down_to_what_is_asserted() -> None:
    found = why("d:acme a cu:ReverseLearningFirm")
    assert found.kind == "inferred"
    assert "cu:ReverseLearningFirm means: cu:Firm and" in found.axioms[0]
    assert found.words == "Acme is a ReverseLearningFirm"
    ends = list(leaves(found))
    assert {e.kind for e in ends} == {"asserted"}
    claims = {c.iri.rpartition("/")[2] for e in ends for c in e.claims}
    assert claims == {"c-home", "c-unit", "c-site", "c-learn", "c-flow"}


def test_every_inferred_triple_has_a_proof_without_a_circle() -> None:
    def sound(found: Explanation, above: frozenset[Fact]) -> None:
        assert found.fact not in above
        if found.kind == "inferred":
            assert found.axioms and found.premises
        for premise in found.premises:
            sound(premise, above | {found.fact})

    rows = [
        q
        for name in ("inferred", "inferred-curation")
        for q in store().quads_for_pattern(None, None, None, NamedNode(graph_iri(name)))
    ]
    assert len(rows) > 40
    for q in rows:
        found = explain(q.subject, q.predicate, q.object, store(), rules())  # type: ignore[arg-type]
        assert found.kind == "inferred"
        sound(found, frozenset())


def test_the_curators_inferences_are_said_to_be_theirs() -> None:
    found = why("d:beta cu:homeCountry d:north")
    assert found.graphs == (graph_iri("direct-curation"),)
    assert {g for e in leaves(found) for g in e.graphs} == {graph_iri("curation")}


def test_a_hedge_is_shown_with_its_force_and_carries_nothing() -> None:
    told = why("d:s-shy cu:stObject d:south").claims
    assert [c.about["force"] for c in told] == [("hedged",)]
    with pytest.raises(NotFound) as error:
        why("d:beta cu:homeCountry d:south")
    assert "d:beta cu:homeCountry d:north" in error.value.remedy


def test_what_is_not_in_the_graph_is_not_explained() -> None:
    with pytest.raises(NotFound, match="not in the graph"):
        why("d:acme a cu:Country")


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (("nobody:x", "a", "cu:Firm"), "subject"),
        (("d:acme", "d:", "cu:Firm ."), "object"),
        (("d:acme", '"x"', "cu:Firm"), "predicate"),
        (('"x"', "a", "cu:Firm"), "subject"),
        (("d:acme", "a", "cu:Firm . d:x a cu:Y"), "object"),
        (("_:b", "a", "cu:Firm"), "subject"),
    ],
)
def test_a_term_that_cannot_be_read_is_named(texts: tuple[str, str, str], field: str) -> None:
    with pytest.raises(SyntaxProblem) as error:
        parse_triple(*texts)
    assert error.value.where.field == field and error.value.remedy


@pytest.mark.parametrize(
    "written", ["d:acme", "https://w3id.org/catchup/id/acme", "<https://w3id.org/catchup/id/acme>"]
)
def test_terms_are_read_in_every_notation(written: str) -> None:
    assert parse_triple(written, "rdf:type", CU + "Firm") == parse_triple("d:acme", "a", "cu:Firm")


# ---------------------------------------------------------------------------- the command line


def catchup(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the snapshot of this checkout, which is built when it is stale."""
    return subprocess.run(
        [sys.executable, "-m", "catchup.cli.main", "explain", *arguments],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_command_explains_in_words_and_in_json() -> None:
    shown = catchup("d:huawei", "a", "cu:ReverseLearningFirm")
    assert shown.returncode == 0, shown.stderr
    assert "means:" in shown.stdout and "FU-" in shown.stdout
    content = json.loads(catchup("d:huawei", "a", "cu:ReverseLearningFirm", "--json").stdout)
    assert content["kind"] == "inferred" and content["premises"]


def test_the_command_says_what_is_wrong() -> None:
    absent = catchup("d:huawei", "a", "cu:Country")
    assert absent.returncode == 1 and "not in the graph" in absent.stderr
    unread = catchup("d:huawei", "a", "nobody:x")
    assert unread.returncode == 1 and "object" in unread.stderr
    assert catchup("d:huawei").returncode == 2
