"""The worked cases of the guide are read without a problem and entail what the guide says."""

from __future__ import annotations

import re

import pytest
from owlapi import ROOT
from pyoxigraph import NamedNode, Triple

from catchup.kg.reading.entry import read_entry
from catchup.kg.reading.files import load_context, ontology_files, parse_turtle, vocabulary_files
from catchup.kg.reasoning.closure import closure

GUIDE = (ROOT / "docs" / "ontology.md").read_text(encoding="utf-8")
CASES = {
    re.search(r"graph: case-guide-(\w+)", text)[1]: text  # type: ignore[index]
    for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
}
ENTAILED = {
    "learning": [
        "guide-uk builtCapability guide-cap",
        "guide-motors groupBuiltCapability guide-cap",
    ],
    "flow": ["guide-flow a ReverseFlow", "guide-motors hasFlow guide-flow"],
    "integration": ["guide-motors tookStep v:release", "guide-sale a ReleaseActivity"],
    "stages": [
        "guide-motors showsStage v:approaching",
        "guide-subsidy leveragedByStrategy guide-strategy",
    ],
    "practice": ["guide-motors learnedPracticeFrom guide-adviser"],
    "failure": ["guide-motors a FirmWithFailedInternationalisationEpisode"],
}
BASE = "https://w3id.org/catchup/"


def triple(line: str) -> Triple:
    def name(word: str, space: str) -> NamedNode:
        return NamedNode(BASE + ("vocab/" + word[2:] if word.startswith("v:") else space + word))

    s, p, o = line.split()
    if p == "a":
        kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
        return Triple(name(s, "id/"), kind, name(o, "ontology/"))
    return Triple(name(s, "id/"), name(p, "ontology/"), name(o, "id/"))


def test_every_pattern_has_a_case_and_a_drawing() -> None:
    patterns = re.split(r"^## ", GUIDE, flags=re.MULTILINE)
    cased = [part for part in patterns if "```yaml" in part]
    assert len(cased) == len(CASES) == 9
    assert all("```mermaid" in part for part in cased)


@pytest.mark.parametrize("name", CASES)
def test_case_is_read_and_entails_what_the_guide_says(name: str) -> None:
    loaded = read_entry(CASES[name], f"docs/ontology.md, {name}", load_context())
    assert loaded.problems == []
    terms = [t for path in (*ontology_files(), *vocabulary_files()) for t in parse_turtle(path)]
    declared = {t.subject for t in terms}
    for quad in loaded.quads:
        for term in (quad.predicate, quad.object):
            if isinstance(term, NamedNode) and term.value.startswith((BASE + "o", BASE + "v")):
                assert term in declared, term
    entailed = closure([quad.triple for quad in loaded.quads], terms)
    assert {triple(line) for line in ENTAILED.get(name, [])} <= entailed
