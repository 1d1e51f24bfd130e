"""/sparql: the SPARQL 1.1 Protocol's query operation as an ASGI application."""

from __future__ import annotations

import asyncio

from catchup.kg.engine.model import Request
from catchup.kg.errors import CatchupError
from catchup.server.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    header,
    read_body,
    send_response,
    unless_gone,
)
from catchup.server.description import service_description
from catchup.server.limits import client_of
from catchup.server.negotiate import (
    DOCUMENT,
    HTML,
    Choice,
    accepted,
    content_type,
    negotiate,
    negotiate_document,
    not_acceptable,
    offers,
)
from catchup.server.problems import BadRequest, MethodNotAllowed, UnsupportedMediaType
from catchup.server.protocol import ALLOW, Operation, read_operation
from catchup.server.responses import content_coding, send_answer, send_document, send_problem
from catchup.server.services import Services

# A form of 1 MB of escapes took 0.4 s to decode; what is longer than this waits for no one else.
_AT_ONCE = 16 * 1024
_ACCEPT_QUERY = '"application/sparql-query", "application/x-www-form-urlencoded"'


class SparqlEndpoint:
    """The endpoint. Every error leaves as a problem."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except CatchupError as error:
            await send_problem(self._services, scope, send, error)
        except ClientGone:
            # nobody is there to be told; uvicorn closes what was begun
            return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await send_response(send, 204, {"Allow": ALLOW, "Accept-Query": _ACCEPT_QUERY})
            return
        if method not in ALLOW.split(", "):
            raise MethodNotAllowed(method, ALLOW)
        operation = await self._operation(method, scope, receive)
        accept = accepted(header(scope, b"accept"), operation.parameters)
        if operation.query is None:
            await self._describe(scope, receive, send, accept)
            return
        choice = negotiate(accept)
        if choice.nothing:
            raise not_acceptable(accept, offers("results") + offers("rdf"))
        if choice.html:
            await self._page(scope, receive, send, operation)
            return
        await self._data(scope, receive, send, operation, choice)

    async def _operation(self, method: str, scope: Scope, receive: Receive) -> Operation:
        """Return the operation of a request, its body read if it may have one."""
        body = b""
        if method in ("POST", "QUERY"):
            if header(scope, b"content-encoding").strip().lower() not in ("", "identity"):
                raise UnsupportedMediaType(
                    "Compressed requests are not read here.", remedy="Send it as it is."
                )
            body = await read_body(scope, receive, self._services.config.client.body)
        given = method, scope["query_string"], header(scope, b"content-type"), body
        if len(body) <= _AT_ONCE:
            return read_operation(*given)
        return await asyncio.to_thread(read_operation, *given)

    async def _data(
        self, scope: Scope, receive: Receive, send: Send, operation: Operation, choice: Choice
    ) -> None:
        assert operation.query is not None
        chosen = [offer for offer in (choice.results, choice.rdf) if offer]
        request = Request(
            operation.query,
            results=choice.results.name if choice.results else None,
            rdf=choice.rdf.name if choice.rdf else None,
            default_graphs=operation.default_graphs,
            named_graphs=operation.named_graphs,
            encoding=content_coding(scope),
        )
        types = {offer.name: content_type(offer) for offer in chosen}
        await send_answer(self._services, scope, receive, send, request, content_types=types)

    async def _page(self, scope: Scope, receive: Receive, send: Send, operation: Operation) -> None:
        assert operation.query is not None
        request = Request(
            operation.query,
            default_graphs=operation.default_graphs,
            named_graphs=operation.named_graphs,
        )
        client = client_of(scope, self._services.config.proxies)
        answer, cached = await unless_gone(receive, self._services.answer(request, client))
        try:
            text = self._services.pages.results(
                operation.query, answer.form, answer.body, answer.truncated
            )
        finally:
            self._services.release(answer, cached)
        headers = {"Content-Type": f"{HTML}; charset=utf-8", "Vary": "Accept"}
        if answer.truncated:
            limit = getattr(self._services.config.limits, answer.truncated)
            headers["Catchup-Truncated"] = f"{answer.truncated};limit={limit}"
        await send_response(send, 200, headers, text.encode(), head=scope["method"] == "HEAD")

    async def _describe(self, scope: Scope, receive: Receive, send: Send, accept: str) -> None:
        """Answer a request without a query: the service description, or the editor."""
        offer = negotiate_document(accept)
        if offer is None:
            raise not_acceptable(accept, DOCUMENT)
        if scope["method"] not in ("GET", "HEAD"):
            raise BadRequest("There is no query in the request.")
        headers = {"Vary": "Accept", "Content-Type": content_type(offer)}
        if offer.name == "html":
            body = self._services.pages.editor().encode()
        else:
            body = await service_description(self._services, offer.name)
        await send_document(scope, send, body, headers)
