"""The graph from Python, as docs/python.md shows it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from catchup.kg import Graph, open_graph
from catchup.kg.engine.errors import QuerySyntaxError, TimeLimit
from catchup.kg.engine.limits import Limits
from catchup.kg.errors import CannotRun, InputError, NotFound
from catchup.kg.names import D


@pytest.fixture(scope="module")
def graph(home: Path) -> Iterator[Graph]:
    """The graph of this checkout."""
    with open_graph(home) as opened:
        yield opened


def test_a_question_gives_dictionaries(graph: Graph) -> None:
    rows = graph.query("partnerships", firm="华为")
    assert {"Siemens", "IBM"} <= {r["partner"] for r in rows}
    assert all(str(r["claim"]).startswith(D) for r in rows)
    assert any(r["year"] is None for r in rows)
    assert rows == graph.query("CQ-5", firm=D + "huawei")


def test_values_are_pythons(graph: Graph) -> None:
    [row] = graph.query(
        'SELECT (5 AS ?i) (0.58 AS ?d) (1e3 AS ?f) (true AS ?b) ("x"@en AS ?t) (d:zte AS ?n) ?u {}'
    )
    assert row == {
        "i": 5, "d": Decimal("0.58"), "f": 1000.0, "b": True, "t": "x", "n": D + "zte", "u": None,
    }  # fmt: skip
    assert graph.query("ASK { d:huawei a cu:Firm }") == [{"answer": True}]
    [triple] = graph.query("CONSTRUCT { d:huawei cu:rank 1 } WHERE { }")
    assert triple["object"] == 1


def test_variables_of_a_text_are_bound_as_terms(graph: Graph) -> None:
    text = "SELECT ?l WHERE { ?unit cu:unitOf ?firm ; rdfs:label ?l FILTER(LANG(?l) = 'en') }"
    assert "Huawei UK" in {r["l"] for r in graph.query(text, firm="d:huawei")}
    assert graph.query(text, firm="} UNION { ?s ?p ?o") == []


def test_a_data_frame_has_the_rows_of_the_answer(graph: Graph) -> None:
    frame = graph.frame("mini-cases")
    rows = graph.query("mini-cases")
    assert len(frame) == len(rows) and list(frame.columns) == list(rows[0])
    empty = graph.frame("SELECT ?a ?b WHERE { ?a a cu:Nothing ; ?b 1 }")
    assert empty.empty and list(empty.columns) == ["a", "b"]


def test_search_describe_explain(graph: Graph) -> None:
    assert graph.search("huawey", type="Firm", lang="zh")[0].label == "华为"
    said = graph.describe("Huawei")
    assert "Huawei" in said["rdfs:label"]
    assert graph.describe("FU-0770")["cu:statedIn"] == [D + "fu2018"]
    assert graph.explain("d:huawei", "a", "cu:ReverseLearningFirm")["kind"] == "inferred"


def test_what_is_wrong_raises(graph: Graph, home: Path) -> None:
    with pytest.raises(NotFound, match="huawei"):
        graph.query("partnerships", firm="huawey")
    with pytest.raises(NotFound, match="partnerships"):
        graph.query("partnership")
    with pytest.raises(InputError, match="firm"):
        graph.query("partnerships", frim="huawei")
    with pytest.raises(QuerySyntaxError):
        graph.query("SELECT ?x WHERE {")
    with pytest.raises(NotFound):
        graph.describe("no such thing at all")
    with open_graph(home, Limits(timeout=0.5, rows=10)) as small:
        with pytest.raises(CannotRun, match="rows"):
            small.query("SELECT * WHERE { ?s ?p ?o }")
        with pytest.raises(TimeLimit):
            small.query("SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
        assert small.query("ASK {}") == [{"answer": True}]
