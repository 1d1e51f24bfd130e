"""Linked data: every IRI of ours dereferences, as a page or as data.

Names are slash IRIs. A thing is no document, so its own address answers 303 See Other with the
address of a document about it, which is the same with a suffix (.html, .ttl, .jsonld, .nt, ...).
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter

from catchup.kg.engine.errors import EngineError
from catchup.kg.engine.formats import FORMATS, family
from catchup.kg.engine.model import Answer, Request
from catchup.server.asgi import (
    Receive,
    Scope,
    Send,
    header,
    only_options,
    send_response,
    unless_gone,
)
from catchup.server.asgi_route import AsgiRoute
from catchup.server.limits import client_of
from catchup.server.negotiate import (
    DOCUMENT,
    HTML,
    Offer,
    by_suffix,
    content_type,
    negotiate_document,
    not_acceptable,
)
from catchup.server.problems import NotThere
from catchup.server.responses import content_coding, send_answer, send_document
from catchup.server.services import Services

SPACES = ("id", "ontology", "vocab", "shapes", "graph", "queries")
_LICENSE = "https://creativecommons.org/licenses/by/4.0/"


class Entity:
    """Dereferences the names of one space."""

    def __init__(self, services: Services, space: str) -> None:
        self._services = services
        self._space = space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        path = f"{self._space}/{scope['path_params']['name']}"
        stem, offer = by_suffix(path)
        if offer and await self._known(stem, scope, receive):
            await self._document(stem, offer, scope, receive, send)
        elif await self._known(path, scope, receive):
            await self._see_other(path, scope, send)
        else:
            raise NotThere(
                f"<{self._iri(path)}> is not in the graph.", remedy="Search for it at /search."
            )

    def _iri(self, path: str) -> str:
        return self._services.config.base + path

    async def _describe(
        self, path: str, rdf: str, scope: Scope, receive: Receive
    ) -> tuple[Answer, bool]:
        request = Request(self._iri(path), kind="entity", rdf=rdf)
        client = client_of(scope, self._services.config.proxies)
        return await unless_gone(receive, self._services.answer(request, client))

    async def _known(self, path: str, scope: Scope, receive: Receive) -> bool:
        try:
            answer, cached = await self._describe(path, "ntriples", scope, receive)
        except EngineError as error:
            if error.kind == EngineError.kind:
                return False  # the path makes no IRI
            raise
        self._services.release(answer, cached)
        return answer.rows > 0 or self._is_graph(path)

    def _is_graph(self, path: str) -> bool:
        return self._iri(path) in self._services.describer.graphs()

    async def _see_other(self, path: str, scope: Scope, send: Send) -> None:
        accept = header(scope, b"accept")
        offer = negotiate_document(accept)
        if offer is None:
            raise not_acceptable(accept, DOCUMENT)
        suffix = ".html" if offer.name == "html" else FORMATS[offer.name].suffix
        headers = {
            "Location": f"{self._services.config.url}/{quote(path)}{suffix}",
            "Vary": "Accept",
            "Link": self._links(path),
        }
        await send_response(send, 303, headers)

    async def _document(
        self, path: str, offer: Offer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = {"Link": self._links(path)}
        if offer.name != "html" and self._is_graph(path):
            # what is said of a named graph is in the service description
            body = (await self._services.describer.graph()).about(self._iri(path), offer.name)
            await send_document(scope, send, body, headers | {"Content-Type": content_type(offer)})
            return
        if offer.name != "html":
            request = Request(
                self._iri(path), kind="entity", rdf=offer.name, encoding=content_coding(scope)
            )
            name = path.rpartition("/")[2]
            await send_answer(
                self._services, scope, receive, send, request, headers=headers, name=name
            )
            return
        answer, cached = await self._describe(path, "ntriples", scope, receive)
        self._services.release(answer, cached)
        text = self._services.pages.entity(self._iri(path), answer.body, self._alternates(path))
        headers |= {"Content-Type": content_type(offer)}
        await send_document(scope, send, text.encode(), headers)

    def _alternates(self, path: str) -> list[tuple[str, str]]:
        url = self._services.config.url
        return [(f.media_type, f"{url}/{quote(path)}{f.suffix}") for f in family("rdf")]

    def _links(self, path: str) -> str:
        url = self._services.config.url
        links = [f'<{self._iri(quote(path))}>; rel="describes"', f'<{_LICENSE}>; rel="license"']
        links.append(f'<{url}/{quote(path)}.html>; rel="alternate"; type="{HTML}"')
        links += [f'<{h}>; rel="alternate"; type="{t}"' for t, h in self._alternates(path)]
        return ", ".join(links)


def router(services: Services) -> APIRouter:
    """Return the routes /{id,ontology,vocab,shapes,graph,queries}/{name}."""
    routes = APIRouter()
    for space in SPACES:
        routes.routes.append(AsgiRoute(f"/{space}/{{name:path}}", Entity(services, space)))
    return routes
