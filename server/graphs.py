"""SPARQL 1.1 Graph Store HTTP Protocol, the reading half: GET and HEAD of a graph."""

from __future__ import annotations

from fastapi import APIRouter

from catchup.kg.engine.model import Request
from catchup.server.asgi import Receive, Scope, Send, header, only_options, unless_gone
from catchup.server.asgi_route import AsgiRoute
from catchup.server.limits import client_of
from catchup.server.negotiate import (
    HTML,
    accepted,
    negotiate_document,
    not_acceptable,
    offers,
)
from catchup.server.problems import BadRequest, NotThere
from catchup.server.protocol import fields
from catchup.server.responses import content_coding, send_answer
from catchup.server.services import Services


class Graphs:
    """Answers /graphs?graph=IRI and /graphs?default."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        parameters = fields(scope["query_string"], "query string")
        named = [value for name, value in parameters if name == "graph"]
        default = any(name == "default" for name, _ in parameters)
        if len(named) + default != 1:
            raise BadRequest(
                "Say which graph: one of 'graph' and 'default', once.",
                remedy="For example /graphs?graph=https://w3id.org/catchup/graph/fu2018",
            )
        accept = accepted(header(scope, b"accept"), parameters)
        offer = negotiate_document(accept)
        if offer is None:
            raise not_acceptable(accept, offers("rdf"))
        # a browser that follows a link to a graph gets it as Turtle
        format_ = "turtle" if offer.media_type == HTML or offer.name == "html" else offer.name
        iri = named[0] if named else ""
        if named and not await self._exists(iri, scope, receive):
            raise NotThere(f"There is no graph <{iri[:200]}>.", remedy="See /.well-known/void.")
        request = Request(iri, kind="graph", rdf=format_, encoding=content_coding(scope))
        name = iri.rpartition("/")[2] or "default"
        await send_answer(self._services, scope, receive, send, request, name=name)

    async def _exists(self, iri: str, scope: Scope, receive: Receive) -> bool:
        request = Request("ASK { ?s ?p ?o }", default_graphs=(iri,))
        client = client_of(scope, self._services.config.proxies)
        answer, cached = await unless_gone(receive, self._services.answer(request, client))
        self._services.release(answer, cached)
        return b"true" in answer.body


def router(services: Services) -> APIRouter:
    """Return the route /graphs."""
    routes = APIRouter()
    routes.routes.append(AsgiRoute("/graphs", Graphs(services)))
    return routes
