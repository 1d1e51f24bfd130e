"""`catchup diff`: what changed between two versions of the ontology or of the graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catchup.cli.main import application
from catchup.kg.reading.files import ROOT

PREFIXES = """
@prefix cu: <https://w3id.org/catchup/ontology/> .
@prefix cuv: <https://w3id.org/catchup/vocab/> .
@prefix d: <https://w3id.org/catchup/id/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
BASE = """
<https://w3id.org/catchup/ontology/> a owl:Ontology ; owl:versionInfo "1.0.0" .
skos:definition a owl:AnnotationProperty .
cu:Firm a owl:Class ; rdfs:label "firm"@en . cu:Unit a owl:Class . cu:Tier a owl:Class .
cu:unitOf a owl:ObjectProperty ; rdfs:domain cu:Unit .
cu:hasUnit a owl:ObjectProperty ; owl:inverseOf cu:unitOf .
cu:Parent owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( cu:Firm
  [ a owl:Restriction ; owl:onProperty cu:hasUnit ; owl:someValuesFrom cu:Unit ] ) ] ; a owl:Class .
cuv:low a cu:Tier ; cu:above cuv:none . cu:above a owl:ObjectProperty .
"""


def diff(before: Path, after: Path) -> dict[str, Any]:
    result = CliRunner().invoke(application(["diff"]), ["diff", str(before), str(after), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def versions(folder: Path, before: str, after: str, ending: str = "ttl") -> dict[str, Any]:
    paths = [folder / f"{name}.{ending}" for name in ("before", "after")]
    for path, text in zip(paths, (before, after), strict=True):
        path.write_text(PREFIXES + text, encoding="utf-8")
    return diff(*paths)


@pytest.mark.parametrize(
    ("change", "part", "key", "line"),
    [
        (("", ""), "none", None, None),
        (("label", "label"), "none", None, None),
        (('"firm"@en', '"company"@en'), "patch", None, None),
        (("1.0.0", "1.0.1"), "patch", None, None),
        (("cu:Tier a", "cu:New a owl:Class . cu:Tier a"), "minor", "terms_added", "cu:New"),
        (
            ("cu:Tier a", "cu:New a owl:Class ; rdfs:subClassOf cu:Firm . cu:Tier a"),
            "minor",
            "axioms_added",
            "every cu:New is a cu:Firm",
        ),
        (
            ("cu:Tier a", "cu:Tier owl:deprecated true ; a"),
            "minor",
            "terms_deprecated",
            "cu:Tier",
        ),
        (("cu:Tier a", "cu:Layer a"), "major", "terms_removed", "cu:Tier"),
        (
            ("cu:Tier a owl:Class", "cu:Tier a owl:Class ; rdfs:subClassOf cu:Unit"),
            "major",
            "axioms_added",
            "every cu:Tier is a cu:Unit",
        ),
        (
            (" ; rdfs:domain cu:Unit", ""),
            "major",
            "axioms_removed",
            "whatever has cu:unitOf is a cu:Unit",
        ),
        (
            ("someValuesFrom cu:Unit", "someValuesFrom cu:Firm"),
            "major",
            "axioms_added",
            "cu:Parent means: cu:Firm and (cu:hasUnit some cu:Firm)",
        ),
        (("cuv:none", "cuv:high"), "major", "axioms_added", "cuv:low cu:above cuv:high"),
        (
            ("cu:Tier a", "cu:New a owl:Class ; owl:disjointWith cu:Firm . cu:Tier a"),
            "minor",
            "axioms_added",
            "nothing is both cu:New and cu:Firm",
        ),
    ],
)
def test_ontology_change_is_named_and_weighed(
    change: tuple[str, str], part: str, key: str | None, line: str | None, tmp_path: Path
) -> None:
    assert change[0] in BASE
    found = versions(tmp_path, BASE, BASE.replace(*change, 1))
    assert found["part"] == part
    if key:
        assert found[key] == [line]


def test_a_changed_label_is_shown_before_and_after(tmp_path: Path) -> None:
    found = versions(tmp_path, BASE, BASE.replace('"firm"', '"company"'))
    assert found["texts"] == [
        {
            "term": "cu:Firm",
            "property": "rdfs:label",
            "before": ["firm@en"],
            "after": ["company@en"],
        }
    ]


def test_the_order_and_the_blank_nodes_of_a_file_do_not_matter(tmp_path: Path) -> None:
    lines = BASE.strip().splitlines()
    turned = [*lines[7:8], *lines[1:5], *lines[5:7], lines[0]]
    assert versions(tmp_path, BASE, "\n".join(turned))["part"] == "none"


def test_the_ontology_of_the_repository_does_not_differ_from_itself() -> None:
    found = diff(ROOT / "ontology", ROOT / "ontology")
    assert found.pop("part") == "none"
    assert not any(found.values())


def claim(number: str, value: int) -> str:
    node = f"d:{number.lower()}"
    return (
        f'{node} a cu:Claim ; dcterms:identifier "{number}" ; cu:asserts {node}-s .\n'
        f"{node}-s a cu:Figure ; cu:numericValue {value} ; cu:period {node}-p .\n"
        f"{node}-p cu:endYear 2000 .\n"
    )


def test_graphs_are_compared_claim_by_claim(tmp_path: Path) -> None:
    before = claim("FU-0001", 1) + claim("FU-0002", 1) + claim("FU-0003", 1) + claim("FU-0004", 1)
    after = claim("FU-0001", 1) + claim("FU-0002", 2) + claim("FU-0005", 1)
    after += claim("FU-0003", 1).replace("2000", "2001")
    assert versions(tmp_path, before, after, "trig") == {
        "claims_added": ["FU-0005"],
        "claims_removed": ["FU-0004"],
        "claims_changed": ["FU-0002", "FU-0003"],
        "statements_added": 9,
        "statements_removed": 9,
    }


def test_words_say_the_same_as_json(tmp_path: Path) -> None:
    for name, text in (("before", BASE), ("after", BASE.replace("cu:Tier", "cu:Layer"))):
        (tmp_path / f"{name}.ttl").write_text(PREFIXES + text, encoding="utf-8")
    arguments = ["diff", str(tmp_path / "before.ttl"), str(tmp_path / "after.ttl")]
    result = CliRunner().invoke(application(["diff"]), arguments)
    assert "terms: 1 added, 1 removed" in result.stdout
    assert "- cu:Tier" in result.stdout and "+ cu:Layer" in result.stdout
    assert "part of the version number to raise: major" in result.stdout
