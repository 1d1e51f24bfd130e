"""Chromium under the tests: nothing but loopback is reached, and what goes wrong is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from catchup.kg.reading.files import ROOT

_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
AXE = ROOT / "build" / "web" / "node_modules" / "axe-core" / "axe.min.js"
#: Yasgui's column resizer writes a style element; it is refused, without harm.
KNOWN = "Applying inline style violates"


@dataclass
class Watched:
    """A page with what it asked of other hosts and what it said went wrong."""

    page: Page
    context: BrowserContext
    outside: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's chromium; skip where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("the browser tests need chromium: 'make test' as root installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[Watched]:
    """Open a page in a context of its own."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    page = context.new_page()
    seen = Watched(page, context)

    def only_loopback(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            seen.outside.append(route.request.url)
            route.fulfill(status=200, content_type="text/plain", body="elsewhere")

    context.route("**/*", only_loopback)
    context.on("console", lambda m: seen.wrong.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda e: seen.wrong.append(str(e.error)))
    yield seen
    context.close()


def axe(page: Page, only: str = "") -> list[str]:
    """Return what axe finds against WCAG 2.2 AA: rule and place; `only` names one rule to run.

    Skips where axe is missing.
    """
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: 'make build/web/ready' does it")
    # Evaluated by the browser's tools, which the page's Content-Security-Policy does not bind.
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        """async (only) => (await axe.run(document, {resultTypes: ['violations'], runOnly: only ? [only]
             : ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations
           .flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target} ${n.failureSummary}`))""",
        only,
    )
    return list(found)
