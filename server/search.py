"""/search.json: names, other names, definitions and claims, ranked; what the pages search too."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from fastapi import APIRouter

from catchup.kg import names
from catchup.kg.parameters import resolve
from catchup.kg.search import Hit, search
from catchup.server.asgi import Receive, Scope, Send, header, only_options, send_response
from catchup.server.asgi_route import AsgiRoute
from catchup.server.limits import client_of
from catchup.server.pages.data import snapshot_files
from catchup.server.paging import number
from catchup.server.problems import BadRequest
from catchup.server.protocol import fields
from catchup.server.responses import CACHE_CONTROL, matches
from catchup.server.services import Services

_LIMIT = 20
#: More than a screenful of screenfuls is no search; SPARQL lists whole classes.
MOST = 200
#: Classes of classes: what `type` may name.
_CLASS = names.OWL + "Class"


async def find(
    services: Services, client: str, text: str, type_: str = "", lang: str = "en", limit: int = 20
) -> tuple[list[Hit], bool]:
    """Return what `text` may mean, best first, and whether there is more than `limit`.

    `type_` restricts to a class (local name, IRI or label). The time counts against the client.
    Raises NotFound for an unknown class, NoIndex where the server has no names.
    """
    index = snapshot_files(services)[1]

    def work() -> list[Hit]:
        types = [resolve(type_, _CLASS, index, "type")] if type_ else []
        return search(index, text, limit + 1, types, lang)

    services.budgets.check(client)
    began = time.perf_counter()
    try:
        hits = await asyncio.to_thread(work)
    finally:
        services.budgets.charge(client, time.perf_counter() - began)
    return hits[:limit], len(hits) > limit


def plain(hit: Hit) -> dict[str, Any]:
    """Return a hit as plain data."""
    return {
        "iri": hit.iri,
        "name": names.compact(hit.iri),
        "label": hit.label,
        "types": [names.compact(t) for t in hit.types],
        "matched": hit.matched,
        "field": hit.field,
        "score": hit.score,
    }


class Search:
    """Answers /search.json?q=&type=&lang=&limit=."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        given = dict(fields(scope["query_string"], "query string"))
        if not given.get("q", "").strip():
            raise BadRequest("There is nothing to search for.", remedy="Give 'q'.")
        limit = number("limit", given.get("limit", str(_LIMIT)), 1, MOST)
        tag = f"{self._services.store.snapshot[:16]}"
        headers = {"ETag": f'"{tag}"', "Cache-Control": CACHE_CONTROL}
        if matches(header(scope, b"if-none-match"), tag):
            await send_response(send, 304, headers)
            return
        hits, more = await find(
            self._services,
            client_of(scope, self._services.config.proxies),
            given["q"],
            given.get("type", ""),
            given.get("lang", "en"),
            limit,
        )
        found = {"query": given["q"], "results": [plain(h) for h in hits], "more": more}
        body = json.dumps(found, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
        await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")


def router(services: Services) -> APIRouter:
    """Return the route /search.json."""
    routes = APIRouter()
    routes.routes.append(AsgiRoute("/search.json", Search(services)))
    return routes
