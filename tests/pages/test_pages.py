"""Pages over HTTP: what they hold, how they are sent, and that their links lead somewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
from support.hostile import EVIL, write_hostile
from support.serve import Served, start
from support.sources import source_text, sources

from catchup.kg.names import BASE, RDF, D
from catchup.kg.snapshot.manifest import read_manifest

PAGES = [
    "/", "/id/huawei.html", "/id/huawei-uk.html", "/id/c-fu-0571.html", "/id/APA1.html",
    "/id/gb.html", "/propositions", "/sources", "/sources/fu2018", "/sources/fu2018/fu2018-t5",
    "/sources/fu2018/fu2018-s4", "/theory", "/ontology/", "/vocab/", "/vocab/hostCountry.html",
    "/ontology/LearningEpisode.html", "/ontology/actor.html", "/search?q=haier", "/explain",
    "/explain?s=d:huawei&p=a&o=cu:ReverseLearningFirm",
]  # fmt: skip
HTML = {"Accept": "text/html"}
#: Without drawings, which the limit of 100 kB leaves out.
DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {k: v or "" for k, v in attrs}))

    def handle_data(self, data: str) -> None:
        self.said += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements with a tag."""
        return [a for t, a in self.found if t == tag]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_small_and_described(site: Served, path: str) -> None:
    """Title, language, one heading, landmarks, metadata; no script or style of its own."""
    response = site.get(path, headers=HTML)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(DRAWING.sub("", response.text).encode()) < 100_000
    page = Elements(response.text)
    assert page.all("html")[0]["lang"] == "en"
    tags = [tag for tag, _ in page.found]
    assert tags.count("h1") == 1
    assert {"main", "nav", "header", "footer", "title"} <= set(tags)
    assert "style" not in tags
    assert not any(name == "style" or name.startswith("on") for _, a in page.found for name in a)
    for script in page.all("script"):
        assert (
            script.get("src", "").startswith("/static/") or script["type"] == "application/ld+json"
        )
    for name in ("script", "link", "img"):
        for attributes in page.all(name):
            address = attributes.get("src") or attributes.get("href", "")
            assert (
                attributes.get("rel") in ("canonical", "alternate")
                or address.startswith("/")
                or not address
            )
    data = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL
    )
    assert data
    assert json.loads(data[1])["@context"] == "https://schema.org"
    assert {a.get("property") for a in page.all("meta")} >= {"og:title", "og:description", "og:url"}
    ids = [a["id"] for _, a in page.found if "id" in a]
    assert len(ids) == len(set(ids))
    for attributes in page.all("th"):
        assert attributes.get("scope") in ("col", "row")


def test_an_answer_is_a_small_page_that_leads_to_the_whole(site: Served) -> None:
    """However long: its first rows with how many there are, and every form it can be taken in."""
    everything = "SELECT ?a ?b ?c WHERE { ?a ?b ?c } LIMIT 3000"
    answers = {
        everything: ["text/csv", "application/sparql-results+json"],
        "CONSTRUCT WHERE { ?a ?b ?c } LIMIT 3000": ["text/turtle", "application/ld+json"],
        "ASK { ?a ?b ?c }": ["application/sparql-results+json"],
    }
    for query, kinds in answers.items():
        response = site.get("/sparql", params={"query": query}, headers=HTML)
        assert len(response.content) < 100_000
        links = [a["href"] for a in Elements(response.text).all("a") if "format=" in a["href"]]
        found = [site.get(link).headers["content-type"].partition(";")[0] for link in links]
        assert found[: len(kinds)] == kinds, query
        if query == everything:
            assert "3,000" in Elements(response.text).said
            assert len(site.get(links[0]).text.splitlines()) == 3001
    longest = site.get("/queries/derived-values", headers=HTML)
    assert len(longest.content) < 100_000


#: What schema.org asks of each type that pages describe, beside the name.
DESCRIBED = {
    "WebPage": ("description", "url", "license", "isPartOf"), "Dataset": ("description", "license"),
    "Organization": (), "Claim": ("text",), "DefinedTerm": ("description",),
    "ScholarlyArticle": (), "CreativeWork": (), "Thing": (),
}  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_described_in_schema_org(site: Served, path: str) -> None:
    """Read by a JSON-LD processor: one page, its main thing with what its type needs, its crumbs."""
    text = site.get(path, headers=HTML | {"Cookie": "catchup-lang=en"}).text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    # schema.org's own context would be fetched: its terms are all in its one vocabulary
    data["@context"] = {"@vocab": "https://schema.org/"}
    schema = ox.Store()
    schema.load(json.dumps(data).encode(), format=ox.RdfFormat.JSON_LD)
    term = "https://schema.org/{}".format
    kinds: dict[str, list[object]] = {}
    for quad in schema.quads_for_pattern(None, ox.NamedNode(RDF + "type"), None):
        kinds.setdefault(str(quad.object.value).removeprefix(term("")), []).append(quad.subject)
    assert len(kinds["WebPage"]) == 1
    assert set(kinds) <= {*DESCRIBED, "WebSite", "BreadcrumbList", "ListItem"}, kinds
    for kind, needed in DESCRIBED.items():
        for subject in kinds.get(kind, ()):
            for name in ("name", *needed):
                value = list(schema.quads_for_pattern(subject, ox.NamedNode(term(name)), None))
                assert value, f"{path}: {kind} without {name}"
                assert value[0].object.value, f"{path}: {kind} with an empty {name}"
    crumbs = data.get("breadcrumb", {"itemListElement": []})["itemListElement"]
    assert [c["position"] for c in crumbs] == list(range(1, len(crumbs) + 1))
    assert all(c["item"].startswith(("http://", "https://")) and c["name"] for c in crumbs)
    social = {a["property"]: a["content"] for a in Elements(text).all("meta") if "property" in a}
    assert social["og:title"] == data["name"]
    assert social["og:url"].startswith("http")


@pytest.mark.parametrize("path", PAGES[::3])
def test_what_a_page_shows_can_be_taken_away(site: Served, path: str) -> None:
    """Each alternate answers with the type it promises, and holds something."""
    page = Elements(site.get(path, headers=HTML).text)
    for link in page.all("link"):
        if link.get("rel") != "alternate" or "hreflang" in link:
            continue
        answer = site.get(link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] == link["type"]
        if link["type"] == "application/json":
            assert answer.json()
        if link["type"] == "text/csv":
            rows = list(csv.reader(io.StringIO(answer.text)))
            assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("path", PAGES[::3])
def test_a_page_speaks_chinese_where_asked(site: Served, path: str) -> None:
    """By parameter (kept in a cookie) and by Accept-Language; the page says so."""
    by_header = site.get(path, headers=HTML | {"Accept-Language": "fr, zh-CN;q=0.9, en;q=0.5"})
    assert Elements(by_header.text).all("html")[0]["lang"] == "zh-hans"
    assert by_header.headers["content-language"] == "zh-hans"
    assert "主张" in by_header.text or "搜索" in by_header.text
    chosen = site.get(path + ("&" if "?" in path else "?") + "lang=zh", headers=HTML)
    assert "catchup-lang=zh" in chosen.headers["set-cookie"]
    kept = site.get(path, headers=HTML | {"Cookie": "catchup-lang=zh", "Accept-Language": "en"})
    assert Elements(kept.text).all("html")[0]["lang"] == "zh-hans"


def test_every_text_of_the_pages_has_its_chinese() -> None:
    """No text in a template or in a page's code is left without a translation."""
    import ast

    from catchup.kg.reading.files import ROOT
    from catchup.server.pages.words import chinese

    used = set()
    for path in (ROOT / "server" / "web" / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        for pattern in (r'\b_\("([^"]+)"', r"\b_\('([^']+)'"):
            used |= set(re.findall(pattern, text))
    for path in (ROOT / "server" / "web" / "static").glob("*.js"):
        used |= set(re.findall(r'\bsay\((?:\w+ \? )?"([^"]+)"', path.read_text(encoding="utf-8")))
    for path in (ROOT / "server" / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("say", "of", "Column") and isinstance(node.args[0], ast.Constant):
                used.add(node.args[0].value)
    assert sorted(used - set(chinese())) == []


def test_the_scripts_and_the_shapes_speak_chinese(site: Served) -> None:
    """The editor's page, the form's fields and the words of its checks; the plain editor too."""
    chinese = re.compile("[\u4e00-\u9fff]")
    page = site.get("/sparql", headers=HTML | {"Accept-Language": "zh"})
    assert "查询图谱" in page.text
    assert "Accept-Language" in ",".join(page.headers.get_list("vary"))
    assert "查询图谱" not in site.get("/sparql", headers=HTML | {"Cookie": "catchup-lang=en"}).text
    form = site.get("/cases/form.json?lang=zh").json()
    fields = [*form["claim"], *form["interview"], *form["proposition"]]
    fields += [f for s in form["statements"] for f in s["fields"]]
    english = [f["name"] for f in fields if not chinese.search(f["name"])]
    english += [
        f["description"]
        for f in fields
        if f["description"] and not chinese.search(f["description"])
    ]
    assert english == []
    assert all(chinese.search(s["name"]) for s in form["statements"])
    words = site.get("/words.json?lang=zh").json()
    assert words["The case conforms: it can be sent."] != "The case conforms: it can be sent."
    assert site.get("/words.json?lang=en").json() == {}


def test_a_page_is_kept_and_compared(site: Served) -> None:
    """ETag and 304; the second answer comes without work; HEAD has no body."""
    first = site.get("/propositions", headers=HTML)
    again = site.get("/propositions", headers=HTML | {"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert not again.content
    assert 'desc="hit"' in again.headers["server-timing"]
    assert "Accept-Language" in first.headers["vary"]
    head = site.client.head(site.url + "/propositions", headers=HTML)
    assert head.status_code == 200
    assert head.headers["content-type"] == first.headers["content-type"]
    assert site.client.post(site.url + "/propositions").status_code == 405


def test_warm_pages_take_under_twenty_milliseconds(site: Served) -> None:
    """The longest page, the best of several: what the server needs, not the machine's other work."""
    site.get("/id/huawei.html", headers=HTML)
    times = [site.get("/id/huawei.html", headers=HTML).elapsed.total_seconds() for _ in range(12)]
    assert min(times) < 0.020


def test_links_lead_somewhere(site: Served, home: Path) -> None:
    """All pages one step from the first, and some of each kind beyond, have no dead link."""
    manifest = read_manifest(home)
    assert manifest is not None
    index = sqlite3.connect(home / manifest.index)
    known = {iri for (iri,) in index.execute("SELECT DISTINCT iri FROM types")}
    known |= {iri for (iri,) in index.execute("SELECT DISTINCT iri FROM names")}
    seen: set[str] = set()
    fetched: dict[str, int] = {}
    level = ["/"]
    for depth in range(4):
        links: dict[str, str] = {}
        # Beyond the first step: a few of each kind of address, since all would take minutes.
        chosen = level if depth < 2 else _some(level, 3)
        for path in chosen:
            if path in fetched:
                continue
            response = site.get(path, headers=HTML)
            fetched[path] = response.status_code
            assert response.status_code == 200, path
            if not response.headers["content-type"].startswith("text/html"):
                continue
            for link in Elements(response.text).all("a"):
                parts = urlsplit(unescape(link["href"]))
                assert parts.scheme in ("", "http", "https"), (path, link)
                if not parts.scheme and parts.path:
                    links.setdefault(parts.path + ("?" + parts.query if parts.query else ""), path)
        for link, place in links.items():
            if link.endswith(".html") and link not in seen:
                assert BASE + link[1:].removesuffix(".html") in known or link.count("/") == 1, (
                    place,
                    link,
                )
        seen |= set(links)
        level = sorted(set(links) - set(fetched))
    assert len(fetched) > 50


def _some(paths: list[str], number: int) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for path in paths:
        kind = re.sub(r"[\w-]*?(\d+[a-z]?(-\w+)*)?(?=\.|$)", "", path.partition("?")[0]) + path[4:9]
        kinds.setdefault(kind, []).append(path)
    return [p for found in kinds.values() for p in found[:: max(1, len(found) // number)][:number]][
        :80
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server on data that attack the reader."""
    served = start(write_hostile(tmp_path_factory.mktemp("hostile")))
    yield served
    served.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/", "/id/evil.html", "/id/evil-uk.html", "/id/evil-thing.html", "/id/c-ev-0001.html",
        "/id/evil-prop.html", "/propositions", "/sources", "/sources/evildoc",
        "/sources/evildoc/ev-s1-p1", "/theory", "/vocab/", "/vocab/evil.html",
        "/search?q=script", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E&x=%22%3E%3Cscript%3E",
        "/explain?s=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)  # fmt: skip
def test_hostile_text_stays_text(hostile: Served, path: str) -> None:
    """No label becomes an element, no link a script; the template language is not run on data."""
    response = hostile.get(path, headers=HTML)
    assert response.status_code == 200
    page = Elements(response.text)
    assert not page.all("img")
    assert all(set(a) & {"src"} or a["type"] == "application/ld+json" for a in page.all("script"))
    assert not any(name.startswith("on") for _, a in page.found for name in a)
    for _, attributes in page.found:
        for name in ("href", "src", "action"):
            assert not attributes.get(name, "").strip().lower().startswith(("javascript:", "data:"))
    assert "83810205" not in page.said.replace(EVIL, "")
    if path in ("/id/evil.html", "/id/c-ev-0001.html", "/vocab/evil.html"):
        assert EVIL in page.said


def test_claims_page_shows_the_passage_only_with_the_texts(site: Served, home: Path) -> None:
    """Without the texts: the place. With them: the words, as they stand in the source."""
    folder = sources()
    path = "/id/c-fu-0571.html"
    without = Elements(site.get(path, headers=HTML).text)
    assert not without.all("blockquote")
    places = site.get("/id/c-fu-0571.json").json()["places"]
    start_, end = places[0]["segments"][0]
    served = start(home / "manifest.json", home=str(home), sources=str(folder))
    try:
        text = served.get(path, headers=HTML).text
    finally:
        served.stop()
    shown = re.search(r"<blockquote>(.*?)</blockquote>", text, re.DOTALL)
    assert shown
    assert unescape(shown[1]) == " ".join(source_text("fu2018")[start_:end].split())


def test_a_firm_page_links_every_statement_to_its_claims(site: Served) -> None:
    """Each row of each table ends in a claim; hedges and voices are marked."""
    text = site.get("/id/huawei.html", headers=HTML).text
    body = re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL)
    rows = [row for part in body for row in re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)]
    assert len(rows) > 60
    assert all(re.search(r'<a class="c" href="/id/c-[\w-]+\.html">', row) for row in rows)
    assert '<b class="informant">' in text
    assert '<b class="curators">' in text
    for drawing in ("timeline", "learning", "hub"):
        assert f'class="drawing {drawing}"' in text
    assert "flow horizontal" in text
    assert "flow vertical" in text
    assert any("www.wikidata.org/entity/Q" in a["href"] for a in Elements(text).all("a"))


def test_propositions_tell_authors_from_curators(site: Served) -> None:
    """SAIC on APA1: the authors' contrast case, the curators' limit, each with its claim."""
    lines = site.get("/propositions.json").json()
    apa1 = next(line for line in lines if line["number"] == "APA1")
    readings = {(r["by"], r["bearing"]) for r in apa1["cases"][D + "saic"]}
    assert ("authors", "contrast case") in readings
    assert any(by == "curators" for by, _ in readings)
    assert all(r["claims"] for case in apa1["cases"].values() for r in case)
    assert D + "geely" not in apa1["cases"]


def test_a_source_is_shown_part_by_part(site: Served) -> None:
    """Every part carries claims, lies above parts that do, or has a reason why not."""
    parts = site.get("/sources/fu2018.json").json()
    above = {p["partOf"] for p in parts}
    silent = [p for p in parts if not p["claims"] and not p["waiver"] and p["iri"] not in above]
    assert not silent
    table = list(csv.DictReader(io.StringIO(site.get("/sources/fu2018/fu2018-t1.csv").text)))
    assert len(table) == 10


def test_unknown_things_are_a_page_and_a_problem(site: Served) -> None:
    """404 as a page for browsers, as problem details for programs."""
    for path in (
        "/id/nobody.html",
        "/sources/nothing",
        "/sources/fu2018/nothing",
        "/vocab/none.html",
    ):
        page = site.get(path, headers=HTML)
        assert page.status_code == 404
        assert Elements(page.text).all("main")
        problem = site.get(path)
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["status"] == 404


def test_things_lead_to_their_pages(site: Served) -> None:
    """303 from the thing to its page for a browser; the page names the permanent address."""
    response = site.get("/id/huawei", headers=HTML, follow_redirects=False)
    assert response.status_code == 303
    page = site.get(urlsplit(response.headers["location"]).path, headers=HTML)
    assert D + "huawei" in page.text


def test_search_finds_by_either_language_and_number(site: Served) -> None:
    """The page lists what /search.json finds."""
    for text, wanted in (
        ("Haier", "/id/haier.html"),
        ("华为", "/id/huawei.html"),
        ("FU-0571", "/id/c-fu-0571.html"),
    ):
        page = Elements(site.get("/search", params={"q": text}, headers=HTML).text)
        assert wanted in [a["href"] for a in page.all("a")]
