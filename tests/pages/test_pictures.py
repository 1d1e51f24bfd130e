"""The pictures of answers: the networks, seen in a browser and taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pages.browser import chromium, watched
from playwright.sync_api import Browser, expect
from support.serve import Served

NETWORKS = (
    "figure-1-sharing", "directions-of-flows", "circulation-of-knowledge", "asymmetry-in-general",
    "knowledge-passed-between-subsidiaries",
)  # fmt: skip
#: Pairs of boxes that touch, and texts that stand out of the drawing.
WRONG = """svg => {
    const boxes = [...svg.querySelectorAll('rect')].map(e => e.getBoundingClientRect());
    const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const pairs = boxes.flatMap((a, n) => boxes.slice(n + 1).filter(b => touch(a, b)));
    const all = svg.getBoundingClientRect();
    const out = [...svg.querySelectorAll('text')].filter(t => {
        const r = t.getBoundingClientRect();
        return r.left < all.left || r.right > all.right || r.top < all.top || r.bottom > all.bottom;
    });
    return [pairs.length, out.map(t => t.textContent)];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def test_networks_are_legible_and_can_be_taken_away(browser: Browser, site: Served) -> None:
    """Every end of a row is a box, no two touch; the file is the same drawing by itself."""
    with watched(browser, base_url=site.url, locale="en-GB", color_scheme="dark") as seen:
        for name in NETWORKS:
            page = seen.page
            page.goto(f"/queries/{name}")
            drawing = page.locator("svg.drawing.network")
            expect(drawing).to_be_visible()
            assert drawing.evaluate(WRONG) == [0, []], name
            rows = page.locator("table.answer tbody tr").count()
            lines = drawing.locator("path.flow").count()
            assert 1 <= lines <= rows
            with page.expect_download() as download:
                page.get_by_role("link", name="SVG", exact=True).first.click()
            root = ElementTree.parse(Path(download.value.path())).getroot()
            assert len([e for e in root.iter() if e.tag.endswith("}path")]) == lines + 1, name
        assert seen.outside == []
        assert seen.wrong == []


def test_a_line_of_a_network_leads_to_its_claim(browser: Browser, site: Served) -> None:
    """Figure 1 of fu2018: between spokes dotted, and each line is a link to what asserts it."""
    with watched(browser, base_url=site.url, locale="en-GB") as seen:
        seen.page.goto("/queries/figure-1-sharing")
        dotted = seen.page.locator("svg.network a:has(path.horizontal)")
        expect(dotted).to_have_count(1)
        expect(seen.page.locator("figcaption")).to_contain_text("dotted: horizontal flows")
        dotted.focus()
        seen.page.keyboard.press("Enter")
        expect(seen.page).to_have_url(re.compile("/id/c-fu-0581"))
