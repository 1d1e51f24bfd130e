"""The generated reference: every statement and every axiom of the files is on its pages."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from html import unescape
from pathlib import Path

from pyoxigraph import Literal

from catchup.kg.catalogue import catalogue
from catchup.kg.names import OWL, RDF, RDFS, compact
from catchup.kg.reading.files import ontology_files, vocabulary_files
from catchup.kg.reasoning.ontology import from_files
from catchup.kg.reasoning.words import axiom_words
from catchup.kg.reference.html import anchor, render
from catchup.kg.reference.model import KINDS, Entry, Reference, read_reference

#: Properties that axioms are made of.
AXIOMS = {
    OWL + n for n in ("equivalentClass", "disjointWith", "inverseOf", "propertyChainAxiom")
} | {RDFS + n for n in ("subClassOf", "subPropertyOf", "domain", "range")}


@cache
def reference() -> Reference:
    return read_reference(ontology_files(), vocabulary_files(), catalogue())


@cache
def pages() -> dict[str, str]:
    return render(reference())


def bare(html: str) -> str:
    """Return what a reader sees of some HTML."""
    text = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", text)))


@cache
def text() -> str:
    """What a reader sees on both pages."""
    return bare("".join(pages().values()))


def entry(name: str) -> Entry:
    return next(e for e in reference().entries() if compact(e.iri) == name)


@cache
def sections() -> dict[str, str]:
    """What a reader sees under each id, up to the next."""
    found = {}
    for html in pages().values():
        starts = list(re.finditer(r'<(?:h1|h2|h3) id="([^"]+)"|<h1>()', html))
        for start, end in zip(starts, [*starts[1:], None], strict=True):
            part = html[start.start() : end.start() if end else None]
            found.setdefault(start.group(1) or "header", bare(part))
    return found


def test_every_statement_of_the_files_is_under_its_term() -> None:
    written = from_files([*ontology_files(), *vocabulary_files()])
    missing = []
    for s, p, o in written.triples:
        if written.anonymous(s) or written.anonymous(o) or p.value in AXIOMS:
            continue  # shown as axioms, see below
        if p.value == RDF + "type" and o.value.startswith(OWL) and o.value[len(OWL) :] in KINDS:
            continue  # the list that a term is in says so
        shown = re.sub(r"\s+", " ", o.value) if isinstance(o, Literal) else compact(o.value)
        place = "header" if s.value == reference().header.iri else anchor(s.value)
        if shown.strip() not in sections().get(place, ""):
            missing.append(f"{compact(s.value)} {compact(p.value)} {shown}")
    assert missing == []


def test_every_axiom_is_on_a_page_with_all_its_restrictions() -> None:
    axioms = list(reference().ontology.axioms())
    assert len(axioms) > 300
    assert [a for a in axioms if re.sub(r"\s+", " ", axiom_words(a)) not in text()] == []


def test_a_defined_class_shows_its_whole_definition_and_who_uses_it() -> None:
    words = [axiom_words(a) for a in entry("cu:ReverseLearningFirm").axioms]
    assert any("cu:hasFlow some cu:ReverseFlow" in w and "cu:homeCountry some" in w for w in words)
    mentioned = [axiom_words(a) for a in entry("cu:ReverseFlow").mentioned]
    assert any(w.startswith("cu:ReverseLearningFirm means") for w in mentioned)


def test_a_property_shows_its_chain_and_the_questions_that_ask_for_it() -> None:
    built = entry("cu:builtCapability")
    assert any("cu:learnerIn then cu:resultsInCapability" in axiom_words(a) for a in built.axioms)
    assert built.questions
    assert set(built.labels) >= {"en", "zh-hans"}


def test_links_within_the_pages_lead_somewhere() -> None:
    ids = {(page, i) for page, html in pages().items() for i in re.findall(r' id="([^"]+)"', html)}
    for page, html in pages().items():
        found = re.findall(r' id="([^"]+)"', html)
        assert len(found) == len(set(found))
        for target, fragment in re.findall(r'href="([\w]+\.html)?#([^"]+)"', html):
            assert (target or page, fragment) in ids


def test_the_pages_load_nothing_from_elsewhere() -> None:
    for html in pages().values():
        assert not re.search(r"<(script|link|img|iframe)\b", html)


def test_the_command_writes_the_pages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "catchup.kg.reference", str(tmp_path / "out")]
    subprocess.run(command, check=True, capture_output=True)
    assert {p.name for p in (tmp_path / "out").iterdir()} == set(pages())
