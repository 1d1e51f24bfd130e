"""Pages that many will ask for, made before they do: after the start and for a new snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from jinja2 import Environment

from catchup.kg.catalogue import catalogue
from catchup.kg.compare.ask import cases_request, rows
from catchup.kg.errors import CatchupError
from catchup.kg.names import CU, CUV, D
from catchup.server.pages.data import snapshot_files
from catchup.server.pages.facts import LANGUAGES, href
from catchup.server.services import Services

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

#: What all visitors share.
_SHARED = (
    "/", "/propositions", "/compare", "/theory", "/ontology/", "/vocab/", "/sources", "/queries",
    "/cases/new", "/sparql",
)  # fmt: skip
#: Cases made ahead, those with most claims first; the others are of firms of whom less is said.
_CASES = 400
#: Of these, cases that comparisons find made ahead too: what they keep is larger (held.py).
_COMPARED = 100
#: The share of the time that it may take: the rest belongs to visitors.
_SHARE = 0.25
#: Seconds between two looks for a new snapshot.
_LOOK = 1.0
#: A client of its own: what it asks is charged like anybody's.
_CLIENT = ("pages", 0)


async def keep_warm(app: App, services: Services) -> None:
    """Make pages ahead for every snapshot that is served, until cancelled."""
    environment: Environment = services.pages.environment
    for name in environment.list_templates():
        # 10 ms each: in the first visit of a page that is half of its time
        await asyncio.to_thread(environment.get_template, name)
    done = ""
    while True:
        await asyncio.sleep(_LOOK)
        if services.store.snapshot != done:
            done = services.store.snapshot
            with contextlib.suppress(CatchupError):
                await _warm(app, services, done)


async def _warm(app: App, services: Services, snapshot: str) -> None:
    paths = [*_SHARED, *_firsts(services)]
    with contextlib.suppress(CatchupError):  # a busy machine may take too long to tell
        paths += await _cases(services)
    for lang in LANGUAGES:  # all in the first before any in the second, which fewer read
        for path in paths:
            if services.store.snapshot != snapshot:
                return
            if "?" in path and lang != "en":
                continue  # what a comparison keeps of a case has no language
            began = time.perf_counter()
            await _visit(app, path, lang)
            await asyncio.sleep((time.perf_counter() - began) * (1 / _SHARE - 1))


async def _cases(services: Services) -> list[str]:
    """Return the addresses of the firms of whom most is said, and between them the questions.

    The first ones stand alone in a comparison too.
    """
    answer, cached = await services.answer(cases_request(), _CLIENT[0])
    services.release(answer, cached)
    firms = [r["case"].value for r in rows(answer.body)[:_CASES]]
    compared = (f"/compare?case={f.removeprefix(D)}&dim=home" for f in firms[:_COMPARED])
    first = [p for pair in zip(map(href, firms), compared, strict=False) for p in pair]
    return [*first, *(f"/queries/{n}" for n in catalogue()), *map(href, firms[_COMPARED:])]


def _firsts(services: Services) -> Iterable[str]:
    """Return the sources, and one page of each other kind: the first pays for what all share."""
    index = snapshot_files(services)[1]
    every = "SELECT DISTINCT iri FROM types WHERE type = ? ORDER BY iri"
    yield from (f"/sources/{i.removeprefix(D)}" for (i,) in index.execute(every, [CU + "Document"]))
    for kind in ("Claim", "Proposition", "Figure", "Country"):
        yield from (href(i) for (i,) in index.execute(every + " LIMIT 1", [CU + kind]))
    yield from (href(CU + "Firm"), href(CUV + "hostCountry"), "/search?q=a")


async def _visit(app: App, path: str, lang: str) -> None:
    """Ask for a page as a browser would; what comes of it is left in the caches."""
    plain, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": plain, "raw_path": plain.encode(),
        "root_path": "", "scheme": "http", "http_version": "1.1", "query_string": query.encode(),
        "headers": [(b"accept", b"text/html"), (b"accept-language", lang.encode())],
        "client": _CLIENT, "server": None,
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        pass

    with contextlib.suppress(CatchupError):
        await app(scope, receive, send)
