"""What other stores complain of when they load RDF: none of it is in the snapshot."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import to_isomorphic
from support.serve import Served

from catchup.kg.names import CU, XSD, graph_iri
from catchup.kg.snapshot.manifest import read_manifest
from catchup.kg.snapshot.parts import read_part

#: RFC 3987 less what Jena and RDF4J warn of: raw spaces, brackets, percent signs that encode nothing.
IRI = re.compile(r"[a-z][a-z0-9+.-]*:(?:[^\x00-\x20<>\"{}|\\^`\[\]%]|%[0-9A-Fa-f]{2})+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
LEXICAL = {
    XSD + "integer": r"[+-]?\d+", XSD + "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)",
    XSD + "boolean": r"true|false|0|1", XSD + "gYear": r"-?\d{4,}", XSD + "date": r"\d{4}-\d\d-\d\d",
    XSD + "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
    XSD + "nonNegativeInteger": r"\d+", XSD + "anyURI": r"\S*",
}  # fmt: skip


def test_no_term_is_one_that_stores_warn_of(home: Path) -> None:
    manifest = read_manifest(home)
    assert manifest
    wrong: set[str] = set()
    for part in manifest.parts:
        for quad in read_part(home, part):
            for term in (quad.subject, quad.predicate, quad.object):
                if isinstance(term, ox.NamedNode) and not IRI.fullmatch(term.value):
                    wrong.add(term.value)
                elif isinstance(term, ox.BlankNode):
                    wrong.add(str(term))
                elif isinstance(term, ox.Literal):
                    if term.language and not LANGUAGE.fullmatch(term.language):
                        wrong.add(str(term))
                    form = LEXICAL.get(term.datatype.value)
                    if form and not re.fullmatch(form, term.value):
                        wrong.add(str(term))
    assert wrong == set()


def test_rdflib_reads_the_links_without_a_warning(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = read_manifest(home)
    assert manifest
    part = next(p for p in manifest.parts if p.graph == graph_iri("links"))
    with caplog.at_level(logging.WARNING, "rdflib"):
        graph = rdflib.Dataset().parse(home / part.file, format="nquads")
    assert len(graph) == part.triples
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/id/huawei", "/id/c-fu-0770", "/vocab/homeAppliances"])
def test_json_ld_says_what_turtle_says_with_the_context_too(site: Served, path: str) -> None:
    turtle = rdflib.Graph().parse(data=site.get(path + ".ttl").text, format="turtle")
    document = rdflib.Graph().parse(data=site.get(path + ".jsonld").text, format="json-ld")
    assert to_isomorphic(document) == to_isomorphic(turtle)
    context = json.loads(site.get("/context.jsonld").text)["@context"]
    own = {p.removeprefix(CU) for p in map(str, turtle.predicates()) if p.startswith(CU)}
    assert own - context.keys() == set()
    compact = turtle.serialize(format="json-ld", context=context)
    again = rdflib.Graph().parse(data=compact, format="json-ld")
    assert to_isomorphic(again) == to_isomorphic(turtle)
