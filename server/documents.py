"""Whole documents: the ontology, the concept schemes, the shapes, and the dataset's description."""

from __future__ import annotations

import asyncio
from functools import cache

import pyoxigraph as ox
from fastapi import APIRouter

from catchup.kg.engine.formats import FORMATS, family
from catchup.kg.engine.model import Request
from catchup.kg.names import PREFIXES, graph_iri
from catchup.kg.reading.files import ROOT
from catchup.server.asgi import Receive, Scope, Send, header, only_options
from catchup.server.asgi_route import AsgiRoute
from catchup.server.description import service_description
from catchup.server.negotiate import (
    DOCUMENT,
    HTML,
    Offer,
    content_type,
    negotiate_document,
    not_acceptable,
)
from catchup.server.responses import content_coding, send_answer, send_document
from catchup.server.services import Services

_SUFFIXES = {f.suffix: Offer(f.media_type, f.name) for f in family("rdf")} | {
    ".html": Offer(HTML, "html")
}


class Document:
    """Answers for one document, at its address and at those with a suffix."""

    def __init__(self, services: Services, name: str, offer: Offer | None = None) -> None:
        self._services = services
        self._name = name
        self._offer = offer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        accept = header(scope, b"accept")
        offer = self._offer or negotiate_document(accept)
        if offer is None:
            raise not_acceptable(accept, DOCUMENT)
        if self._name in ("ontology", "vocab") and offer.name != "html":
            request = Request(
                graph_iri(self._name), kind="graph", rdf=offer.name, blank=True,
                encoding=content_coding(scope),
            )  # fmt: skip
            types = {offer.name: content_type(offer)}
            await send_answer(
                self._services, scope, receive, send, request, content_types=types, name=self._name
            )
            return
        body = await self._body(offer)
        headers = {"Content-Type": content_type(offer), "Vary": "Accept"}
        await send_document(scope, send, body, headers)

    async def _body(self, offer: Offer) -> bytes:
        if offer.name == "html":
            page: str = self._services.pages.document(self._name)
            return page.encode()
        if self._name == "shapes":
            return await asyncio.to_thread(shapes, offer.name)
        return await service_description(self._services, offer.name)


@cache
def shapes(format_: str) -> bytes:
    """Return all SHACL shapes as one document."""
    triples = [
        quad.triple
        for path in sorted((ROOT / "shapes").glob("*.ttl"))
        for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    ]
    engine = FORMATS[format_].engine
    assert isinstance(engine, ox.RdfFormat)
    return ox.serialize(triples, format=engine, prefixes=PREFIXES) or b""


def router(services: Services) -> APIRouter:
    """Return the routes /ontology/, /vocab/, /shapes/ and /.well-known/void."""
    routes = APIRouter()
    for name in ("ontology", "vocab", "shapes"):
        for path in (f"/{name}", f"/{name}/"):
            routes.routes.append(AsgiRoute(path, Document(services, name)))
    routes.routes.append(AsgiRoute("/.well-known/void", Document(services, "void")))
    for name, path in (("void", "/.well-known/void"), ("ontology", "/ontology"),
                       ("vocab", "/vocab"), ("shapes", "/shapes")):  # fmt: skip
        for suffix, offer in _SUFFIXES.items():
            routes.routes.append(AsgiRoute(path + suffix, Document(services, name, offer)))
    return routes
