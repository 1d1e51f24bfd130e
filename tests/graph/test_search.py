"""Search: what people type finds what they mean, in English and Chinese, with slips."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catchup.kg.names import CU, RDF, RDFS, D
from catchup.kg.search import search
from catchup.kg.snapshot.index import open_index, write_index
from catchup.kg.snapshot.manifest import read_manifest


@pytest.fixture(scope="module")
def index(home: Path) -> Iterator[sqlite3.Connection]:
    """The index of the snapshot of this checkout."""
    manifest = read_manifest(home)
    assert manifest is not None
    with open_index(home / manifest.index) as db:
        yield db


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Huawei", "huawei"),
        ("huawei", "huawei"),
        ("huawey", "huawei"),
        ("hwawei", "huawei"),
        ("guawei", "huawei"),
        ("haeir", "haier"),
        ("lenvo", "lenovo"),
        ("alibabba", "alibaba"),
        ("hik vision", "hikvision"),
        ("华为", "huawei"),
        ("中兴", "zte"),
        ("联想", "lenovo"),
        ("ZTE", "zte"),
        ("ibm", "ibm"),
        ("GE Appliances", "ge-appliances"),
        ("FU-0770", "c-fu-0770"),
        ("revers lerning", "reverseLearning"),
        ("reverse learning", "reverseLearning"),
        ("windows of opportunity", "WindowOfOpportunity"),
        ("institutional viod", "institutionalVoid"),
        ("pole-vaulting", "poleVault"),
        ("joint venture with Siemens", "huawei-siemens-jv"),
    ],
)
def test_what_is_typed_finds_what_is_meant(
    index: sqlite3.Connection, typed: str, meant: str
) -> None:
    found = [h.iri.rsplit("/", 1)[-1] for h in search(index, typed)]
    assert meant in found[:3], found[:5]


@pytest.mark.parametrize(
    "typed", ["huawei", "华为", "zte", "lenovo", "FU-0770", "reverse learning"]
)
def test_the_very_name_comes_first(index: sqlite3.Connection, typed: str) -> None:
    best, *others = search(index, typed)
    assert best.score >= 96
    assert all(h.score <= best.score for h in others)


def test_a_question_finds_claims(index: sqlite3.Connection) -> None:
    found = search(index, "what did Huawei learn from its customers?")
    assert any(CU + "Claim" in h.types for h in found[:5])
    assert any("ustomer" in h.matched for h in found[:5])


def test_types_and_language(index: sqlite3.Connection) -> None:
    firms = search(index, "huawei", types=[CU + "Firm"], lang="zh")
    assert firms[0].label == "华为"
    assert all(CU + "Firm" in h.types for h in firms)
    assert not search(index, "huawei", types=[CU + "Country"])


def test_nothing_is_found_for_nothing(index: sqlite3.Connection) -> None:
    for text in ("", "   ", "?!", "qqqzzzxxjj", '" OR 1', "*", "NEAR(", "a" * 5000):
        assert search(index, text) == [] or text.startswith(('"', "a", "NEAR"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60))
def test_any_text_is_answered_once_and_in_order(index: sqlite3.Connection, text: str) -> None:
    found = search(index, text, limit=10)
    assert len(found) <= 10
    assert len({h.iri for h in found}) == len(found)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_names_of_an_added_graph_come_and_go(tmp_path: Path) -> None:
    def quads(name: str, graph: str) -> list[ox.Quad]:
        node, at = ox.NamedNode(D + name.lower()), ox.NamedNode("urn:" + graph)
        return [
            ox.Quad(node, ox.NamedNode(RDF + "type"), ox.NamedNode(CU + "Firm"), at),
            ox.Quad(node, ox.NamedNode(RDFS + "label"), ox.Literal(name, language="en"), at),
        ]

    write_index(tmp_path / "1", quads("Tongwei", "a"))
    write_index(tmp_path / "2", quads("Sungrow", "b"), base=tmp_path / "1", without="urn:b")
    write_index(tmp_path / "3", [], base=tmp_path / "2", without="urn:b")
    for path, expected in (("1", []), ("2", [D + "sungrow"]), ("3", [])):
        with open_index(tmp_path / path) as db:
            assert [h.iri for h in search(db, "sungorw")] == expected
            assert [h.iri for h in search(db, "tongwie")] == [D + "tongwei"]
