"""What a check says: all that is wrong, in one go, worst first, with its place and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Check = Callable[..., dict]
HERE = Path(__file__).parent
CASE = (HERE / "demo.yaml").read_text(encoding="utf-8")

MISTAKES: list[dict[str, Any]] = yaml.safe_load(
    (HERE / "mistakes.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m["name"])
def test_a_mistake_is_told_with_place_and_remedy(check: Check, mistake: dict[str, Any]) -> None:
    text = spoiled(CASE, mistake["name"])
    hits = [r for r in check(text)["results"] if mistake["says"] in r["message"]]
    assert len(hits) == 1
    assert hits[0]["file"] == "demo.yaml"
    assert mistake["at"] in text.splitlines()[hits[0]["line"] - 1]
    assert hits[0]["column"] >= 1
    assert hits[0].get("field", "") == mistake.get("field", hits[0].get("field", ""))
    assert mistake.get("remedy", "") in hits[0].get("remedy", "")


def spoiled(text: str, *mistakes: str) -> str:
    """Return the text with mistakes put in."""
    for mistake in (m for m in MISTAKES if m["name"] in mistakes):
        assert mistake["old"] in text
        text = text.replace(mistake["old"], mistake["new"], 1)
    return text


def test_the_case_conforms(check: Check) -> None:
    report = check(CASE)
    assert report["conforms"]
    assert report["results"] == []
    assert report["case"] == "demo"


def test_all_problems_in_one_go_worst_first(check: Check) -> None:
    wrong = ("unknown concept", "year in the future", "no hedge", "firm known but for a slip")
    report = check(spoiled(CASE, *wrong))
    severities = [r["severity"] for r in report["results"]]
    order = ["violation", "warning", "info"]
    assert severities == sorted(severities, key=order.index)
    assert severities.count("violation") >= 3
    assert "warning" in severities


def test_a_contradiction_is_explained(check: Check) -> None:
    report = check(CASE.replace("type: Subsidiary", "type: [Subsidiary, Country]"))
    hits = [r for r in report["results"] if "contradicts" in r["message"]]
    assert hits
    assert "id: demo-uk" in CASE.splitlines()[hits[0]["line"] - 2]
    assert "axioms" in hits[0]["remedy"]


def test_another_base_mints_its_own_names(check: Check) -> None:
    report = check(
        CASE.replace("sourceScope: outsideFirm", "sourceScope: no"), base="https://kg.example/"
    )
    assert report["graph"] == "https://kg.example/graph/case-demo"
    hit = next(r for r in report["results"] if "'no' is no concept" in r["message"])
    assert hit["focus"].startswith("https://kg.example/id/")
    assert hit["line"] == 60


def test_a_label_is_text_and_nothing_else(check: Check) -> None:
    script = CASE.replace("label: Demo Motors UK", 'label: "<script>alert(1)</script>"')
    assert check(script)["conforms"]
    turned = CASE.replace("label: Demo Motors UK", 'label: "Demo \\u202Egnop"')
    hits = [r for r in check(turned)["results"] if "direction marks" in r["message"]]
    assert [h["line"] for h in hits] == [16]


def test_a_wrong_number_of_a_claim_hides_nothing_in_it(check: Check) -> None:
    wrong = CASE.replace("DEMO-0002", "Demo 2").replace("hostCountry", "hostCuntry")
    said = [(r["message"], r["line"]) for r in check(wrong)["results"]]
    assert ("'Demo 2' is no claim number.", 50) in said
    assert any("'hostCuntry' is no concept" in message for message, _ in said)
