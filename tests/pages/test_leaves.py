"""Long lists come page by page: nothing is left out, no page is long, and data are complete."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.serve import Served, start

from catchup.kg.names import CU, CUV, DCTERMS, RDF, RDFS, D, graph_iri
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest
from catchup.kg.snapshot.parts import write_part

CASES, PROPOSITIONS = 130, 400
HTML = {"Accept": "text/html"}
LINK = re.compile(r'<a rel="(prev|next)" href="([^"#]*)')


def _claims() -> Iterator[tuple[str, str, str | ox.Literal]]:
    """Yield triples: of each firm one bearing on a proposition; others on which none bears."""
    label, kind = RDFS + "label", RDF + "type"
    for n in range(CASES):
        yield D + f"firm-{n}", kind, CU + "Firm"
        yield D + f"firm-{n}", label, ox.Literal(f"Firm number {n}", language="en")
    for n in range(PROPOSITIONS):
        yield D + f"prop-{n}", kind, CU + "Proposition"
        yield D + f"prop-{n}", label, ox.Literal(f"Proposition in words {n}. " * 8, language="en")
    for n in range(CASES):
        claim, said = D + f"c-ma-{n:04}", D + f"bearing-{n}"
        yield claim, kind, CU + "Claim"
        yield claim, label, ox.Literal(f"Firm {n} bears on it.", language="en")
        yield claim, DCTERMS + "identifier", ox.Literal(f"MA-{n:04}")
        for key, value in (
            ("statementKind", "finding"), ("voice", "authors"), ("basis", "interview"),
            ("rank", "normal"),
        ):  # fmt: skip
            yield claim, CU + key, CUV + value
        yield claim, CU + "statedIn", D + "fu2018"
        yield claim, CU + "asserts", said
        yield said, kind, CU + "CaseBearing"
        yield said, CU + "ofCase", D + f"firm-{n}"
        yield said, CU + "onProposition", D + f"prop-{n % 90}"
        yield said, CU + "bearing", CUV + "supports"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server on more cases and propositions than a page holds."""
    directory: Path = tmp_path_factory.mktemp("many")
    graph = ox.NamedNode(graph_iri("fu2018"))
    quads = [
        ox.Quad(
            ox.NamedNode(s), ox.NamedNode(p), ox.NamedNode(o) if isinstance(o, str) else o, graph
        )
        for s, p, o in _claims()
    ]
    manifest = Manifest.of([write_part(directory, graph.value, "source", quads)], {})
    write_index(directory / manifest.index, quads)
    manifest.save(directory)
    served = start(directory / "manifest.json")
    yield served
    served.stop()


def _walk(served: Served, path: str) -> list[str]:
    """Return the pages from `path` on, by their links; each links back to the one before it."""
    pages, before = [], ""
    while path:
        answer = served.get(path, headers=HTML)
        assert answer.status_code == 200
        links = dict(LINK.findall(answer.text))
        assert links.get("prev", "") == before
        pages.append(answer.text)
        before, path = path, links.get("next", "")
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize(
    ("path", "things", "number"),
    [("/", r'<h3><a href="/id/(firm-\d+).html"', CASES),
     ("/propositions", r'href="/id/(prop-\d+).html"', PROPOSITIONS)],
)  # fmt: skip
def test_all_pages_together_show_everything_once(
    many: Served, path: str, things: str, number: int
) -> None:
    """Following the links forward meets each case and each proposition exactly once."""
    pages = _walk(many, path)
    assert len(pages) > 1
    assert all(len(page.encode()) < 100_000 for page in pages)
    shown = [name for page in pages for name in re.findall(things, page)]
    assert len(shown) == len(set(shown)) == number


def test_each_bearing_stands_in_the_matrix(many: Served) -> None:
    """No reading of a case is lost between pages."""
    numbers = [n for page in _walk(many, "/propositions") for n in re.findall(r">(MA-\d+)<", page)]
    assert sorted(numbers) == [f"MA-{n:04}" for n in range(CASES)]


def test_data_of_a_page_are_of_all_pages(many: Served) -> None:
    """CSV and JSON are whole, and the links to them say so from every page."""
    second = many.get("/propositions?page=2", headers=HTML).text
    assert 'href="/propositions.csv"' in second
    rows = list(csv.reader(io.StringIO(many.get("/propositions.csv").text)))
    assert len(rows[0]) == 3 + CASES
    assert sum(cell.count("MA-") for row in rows for cell in row) == CASES
    assert len(many.get("/propositions.json").json()) == PROPOSITIONS
    assert len(list(csv.reader(io.StringIO(many.get("/index.csv").text)))) == 1 + CASES
    assert len(many.get("/index.json").json()["cases"]) == CASES


@pytest.mark.parametrize("page", ["0", "999", "-1", "x", "²", "99999999999"])
def test_a_page_that_is_not_there_says_which_are(many: Served, page: str) -> None:
    """A number that is none, or too large, is a problem with the pages that there are."""
    answer = many.client.get(
        many.url + "/propositions",
        params={"page": page},
        headers={"Accept": "application/problem+json"},
    )
    assert answer.status_code == 404
    assert answer.json()["remedy"].startswith("Its pages are 1 to ")
