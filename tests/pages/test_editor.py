"""The editor beside the tasks that people do on it: its language, its problems, its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pages.browser import KNOWN, Watched, chromium, watched
from playwright.sync_api import Browser, Page, expect
from support.serve import Served

#: What Yasgui says: texts that are seen or read out, without queries, results and variables.
SAID = """() => {
    const said = new Set();
    const shown = [...document.querySelectorAll('#yasgui *')].filter(e => e.checkVisibility());
    for (const e of shown) {
        for (const name of ['title', 'aria-label', 'placeholder']) said.add(e.getAttribute(name) ?? '');
        if (!e.closest('.CodeMirror, tbody, .dt-column-title'))
            for (const n of e.childNodes) if (n.nodeType === 3) said.add(n.data.trim());
    }
    return [...said];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def visitor(browser: Browser, site: Served, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Return a page in the language asked for; no request has left loopback afterwards."""
    locale = getattr(request, "param", "en-GB")
    with watched(browser, base_url=site.url, locale=locale) as seen:
        yield seen
        assert seen.outside == []


def run(page: Page, query: str) -> None:
    """Write a query over what is there and run it."""
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(query)
    page.keyboard.press("Control+Enter")


@pytest.mark.parametrize("visitor", ["zh-CN"], indirect=True)
def test_the_editor_is_chinese_where_chinese_is_chosen(visitor: Watched) -> None:
    """Every button, tab and count; a problem's title, with the server's words below it."""
    page = visitor.page
    page.goto("/sparql")
    page.locator(".yasqe_queryButton").first.click()
    expect(page.locator(".dt-info")).to_contain_text("第 1 至")
    page.get_by_label("筛选结果").press_sequentially("geely")
    expect(page.locator(".dt-info")).to_contain_text("筛选")
    words = [re.sub(r"firm|label|capability|claim|SPARQL", "", w) for w in page.evaluate(SAID)]
    assert [w for w in words if re.search("[A-Za-z]{2}", w)] == []
    assert [w for w in visitor.wrong if KNOWN not in w] == []
    run(page, "SELECT * WHERE { ?a ?b ")
    problem = page.locator(".yasr_results .redOutline")
    expect(problem).to_contain_text("无法读取查询")
    expect(problem).to_contain_text("第 1 行")
    expect(page.locator(".yasr_response_chip")).to_contain_text("秒内得到回答")


def test_a_mistake_in_a_query_is_told_in_words(visitor: Watched) -> None:
    """What is wrong, where, and what would be right; not the JSON that carries it."""
    page = visitor.page
    page.goto("/sparql")
    run(page, "SELECT * WHERE { ?a ?b ")
    problem = page.locator(".yasr_results .redOutline")
    expect(problem).to_contain_text("The query cannot be read")
    expect(problem).to_contain_text("Line 1, column 24.")
    expect(problem).not_to_contain_text("{")


def test_a_picture_of_the_editor_is_taken_away_with_its_looks(visitor: Watched) -> None:
    """The graph as a file: colours in it, links whole."""
    page = visitor.page
    page.goto("/sparql")
    run(
        page,
        "PREFIX cu: <https://w3id.org/catchup/ontology/>\n"
        "SELECT * WHERE { ?unit cu:unitOf ?firm } LIMIT 8",
    )
    page.get_by_text("Graph", exact=True).first.click()
    drawing = page.locator(".yasr_results svg.drawing")
    expect(drawing).to_be_visible()
    with page.expect_download() as download:
        page.locator(".yasr_downloadIcon").first.click()
    root = ElementTree.parse(Path(download.value.path())).getroot()
    lines = [e for e in root.iter() if e.get("class") == "flow"]
    assert len(lines) == 8
    assert all(e.get("fill") == "none" and e.get("stroke", "").startswith("rgb") for e in lines)
    links = [e.get("href", "") for e in root.iter() if e.tag.endswith("}a")]
    assert links
    assert all(link.startswith("http://127.0.0.1") for link in links)
