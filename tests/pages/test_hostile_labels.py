"""Labels that attack the reader, in a browser: nothing of them runs, is fetched or spreads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pages.browser import chromium, watched
from playwright.sync_api import Browser, expect
from support.hostile import EVIL, write_hostile
from support.serve import Served, start

PAGES = (
    "/", "/id/evil.html", "/id/evil-uk.html", "/id/evil-thing.html", "/id/c-ev-0001.html",
    "/propositions", "/sources/evildoc/ev-s1-p1", "/vocab/evil.html", "/search?q=script",
    "/compare?case=evil&dim=channels&find=%22%3E%3Cscript%3Ealert(1)", "/compare?case=evil",
    "/sparql?query=SELECT%20*%20WHERE%20%7B%3Fa%20%3Fb%20%3Fc%7D%20LIMIT%2060",
    "/queries/events-of-a-firm?firm=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
)  # fmt: skip
LIVE = """() => [...document.querySelectorAll(
    'script:not([src]):not([type="application/ld+json"]), img, [onmouseover], [onerror],'
    + 'a[href^="javascript" i]')].map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = start(write_hostile(tmp_path_factory.mktemp("hostile")))
    yield served
    served.stop()


def test_hostile_labels_are_text_in_a_browser(browser: Browser, hostile: Served) -> None:
    """Pages, suggestions, the editor's table and graph: no element, no dialog, no wider page."""
    size = {"width": 360, "height": 740}
    with watched(browser, base_url=hostile.url, locale="en-GB", viewport=size) as seen:
        page, dialogs = seen.page, []
        page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
        for path in PAGES:
            page.goto(path)
            assert page.evaluate(LIVE) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.goto("/")
        page.locator("#q").fill("script")
        option = page.locator(".suggestions li").first
        expect(option).to_contain_text("onerror=alert(2)")
        page.goto("/sparql")
        page.locator(".CodeMirror").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(
            "SELECT ?claim ?what ?said { ?claim <https://w3id.org/catchup/ontology/asserts> ?what ."
            " ?what <https://w3id.org/catchup/ontology/asPrinted> ?said }"
        )
        page.keyboard.press("Control+Enter")
        expect(page.locator(".yasr_results tbody td").last).to_contain_text("onerror=alert(2)")
        page.locator(".select_graph").first.click()
        expect(page.locator(".yasr_results svg.drawing")).to_be_visible()
        assert page.evaluate(LIVE) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert dialogs == []
        assert seen.outside == []


def test_hostile_labels_are_text_in_files(hostile: Served) -> None:
    """No cell begins a formula, no label is a command of LaTeX."""
    table = hostile.get("/compare.csv?case=evil").text
    assert "'=1+1" in table
    assert "," + EVIL[:4] not in table
    assert '"' + EVIL[:4] not in table
    lines = hostile.get("/compare.tex?case=evil").text.splitlines()
    latex = [line for line in lines if not line.startswith("%")]  # a comment ends with its line
    assert not any("\\input{" in line for line in latex)
    assert any("textbackslash" in line for line in latex)
