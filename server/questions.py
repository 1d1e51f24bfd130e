"""The catalogue of questions over HTTP: its list, each question's answer, and the queries as RDF.

`/queries` lists the questions. `/queries/{name}` answers one in the format that Accept names, and
`/queries/{name}.csv` (json, tsv, xml; ttl and others where the answer is a graph) in that of the
suffix. Parameters come in the query string and reach the engine as RDF terms.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI

from catchup.kg.catalogue import Question, catalogue, question
from catchup.kg.engine.formats import FORMATS, family
from catchup.kg.engine.model import Request, Term
from catchup.kg.names import Q, compact, graph_iri
from catchup.kg.parameters import bind
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
from catchup.server.entity import Entity
from catchup.server.html import page
from catchup.server.limits import client_of
from catchup.server.negotiate import (
    DOCUMENT,
    HTML,
    Offer,
    choose,
    content_type,
    negotiate,
    negotiate_document,
    not_acceptable,
)
from catchup.server.openapi_questions import paths
from catchup.server.pages.data import snapshot_files
from catchup.server.paging import Paging, cut, links, read_paging
from catchup.server.problems import BadRequest, NotAcceptable, NotThere
from catchup.server.protocol import fields
from catchup.server.responses import (
    CACHE_CONTROL,
    content_coding,
    matches,
    send_answer,
    timing,
)
from catchup.server.services import Services

#: Fields of the query string that are not the question's own.
RESERVED = ("limit", "offset", "snapshot", "lang")
_TABLE = ("SELECT", "ASK")
_JSON = Offer("application/json", "json")
_SUFFIXES = {f.suffix[1:]: f for f in FORMATS.values()} | {"rq": None, "html": None}


@dataclass(frozen=True)
class Asked:
    """A question with its parameters bound, and the rows wanted."""

    question: Question
    given: dict[str, str]
    terms: dict[str, Term]
    paging: Paging

    def request(self, format_: str, encoding: Any = "") -> Request:
        """Return what to ask of the engine for the whole answer in a format."""
        table = FORMATS[format_].family == "results"
        return Request(
            self.question.query,
            results=format_ if table else None,
            rdf=None if table else format_,
            substitutions=self.terms,
            encoding=encoding,
        )


async def read_asked(services: Services, name: str, query_string: bytes) -> Asked:
    """Return the question `name` with what the query string gives for it.

    Raises NotFound for an unknown question or node (the nearest are named), InputError for an
    unknown parameter or a value of the wrong type, BadRequest for one given twice.
    """
    asked = question(name)
    given: dict[str, str] = {}
    for key, value in fields(query_string, "query string"):
        if key in given:
            raise BadRequest(f"The parameter '{key[:60]}' was sent twice.", remedy="Send it once.")
        given[key] = value
    paging = read_paging(given)
    paging.check(services.store.snapshot)
    own = {k: v for k, v in given.items() if k not in RESERVED}
    terms: dict[str, Term] = {}
    if own or asked.parameters:
        index = snapshot_files(services)[1]
        terms = await asyncio.to_thread(bind, asked, own, index)
    return Asked(asked, given, terms, paging)


def entry(asked: Question, url: str) -> dict[str, Any]:
    """Return what the list says of a question."""
    forms = ("csv", "json", "tsv", "xml") if asked.form in _TABLE else ("ttl", "jsonld", "nt")
    at = f"{url}/queries/{asked.name}"
    return {
        "name": asked.name,
        "identifier": asked.identifier,
        "question": asked.question,
        "keywords": list(asked.keywords),
        "form": asked.form,
        "parameters": [
            {
                "name": p.name,
                "description": p.description,
                "type": compact(p.cls or p.datatype),
                "default": compact(p.default) if p.default is not None else None,
                "optional": p.optional,
            }
            for p in asked.parameters
        ],
        "query": asked.query,
        "links": {"page": at, **{form: f"{at}.{form}" for form in forms}},
    }


class QuestionList:
    """Answers /queries and the same as /queries.json, .html, .ttl and other RDF."""

    def __init__(self, services: Services, offer: Offer | None = None) -> None:
        self._services = services
        self._offer = offer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        accept = header(scope, b"accept")
        rdf = [Offer(f.media_type, f.name) for f in family("rdf")]
        offer = self._offer or choose(accept, [_JSON, Offer(HTML, "html"), *rdf])
        if offer is None:
            raise NotAcceptable(f"None of '{accept[:200]}' can be had.", remedy="There is JSON.")
        if offer.name not in ("json", "html"):
            await _examples(self._services, scope, receive, send, offer)
            return
        own = getattr(self._services.pages, "questions", None)
        if offer.name == "html" and own is not None:
            await own(scope, receive, send)
            return
        url = self._services.config.url
        listed = [entry(q, url) for q in catalogue().values()]
        body = json.dumps(listed, ensure_ascii=False, indent=1).encode()
        if offer.name == "html":
            body = _list_page(listed).encode()
        headers = {"Content-Type": content_type(offer), "Vary": "Accept"}
        headers["Link"] = (
            f'<{url}/.well-known/sparql-examples>; rel="alternate"; type="text/turtle"'
        )
        await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")


class Questions:
    """Answers /queries/{name}, with or without a suffix."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._entity = Entity(services, "queries")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name, _, suffix = scope["path_params"]["name"].partition(".")
        if name == "prefixes" or name.startswith("prefix-"):
            await self._entity(scope, receive, send)
            return
        if await only_options(scope, send):
            return
        asked = question(name)
        if suffix and suffix not in _SUFFIXES:
            raise NotThere(f"There is no format '{suffix[:20]}'.", remedy=_formats(asked))
        if suffix == "rq":
            body = (asked.query + "\n").encode()
            headers = {"Content-Type": "application/sparql-query; charset=utf-8"}
            await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")
            return
        offer = self._suffixed(asked, suffix) if suffix else self._negotiated(asked, scope)
        if offer.name == "html":
            await self._page(asked, scope, receive, send)
        elif FORMATS[offer.name].family == "rdf" and asked.form in _TABLE:
            await self._about(asked, offer, scope, receive, send)
        else:
            await self._answer(asked, offer, scope, receive, send)

    def _suffixed(self, asked: Question, suffix: str) -> Offer:
        known = _SUFFIXES[suffix]
        if known is None:
            return Offer(HTML, "html")
        if known.family == "results" and asked.form not in _TABLE:
            raise NotThere(f"'{asked.name}' answers with a graph.", remedy=_formats(asked))
        return Offer(known.media_type, known.name)

    def _negotiated(self, asked: Question, scope: Scope) -> Offer:
        accept = header(scope, b"accept")
        choice = negotiate(accept)
        if choice.html:
            return Offer(HTML, "html")
        first, second = choice.results, choice.rdf
        if asked.form not in _TABLE:
            first, second = None, choice.rdf
        offer = first or second
        if offer is None:
            raise NotAcceptable(f"None of '{accept[:200]}' can be had.", remedy=_formats(asked))
        return offer

    async def _page(self, asked: Question, scope: Scope, receive: Receive, send: Send) -> None:
        own = getattr(self._services.pages, "question", None)
        if own is not None:
            await own(scope, receive, send)
            return
        bound = await read_asked(self._services, asked.name, scope["query_string"])
        request = bound.request("json" if asked.form in _TABLE else "turtle")
        client = client_of(scope, self._services.config.proxies)
        answer, cached = await unless_gone(receive, self._services.answer(request, client))
        self._services.release(answer, cached)
        body = answer.body
        if asked.form == "SELECT" and not bound.paging.whole:
            body, _ = cut(body, "json", bound.paging)
        text = self._services.pages.results(asked.query, answer.form, body, answer.truncated)
        headers = {"Content-Type": f"{HTML}; charset=utf-8", "Vary": "Accept"}
        await send_response(send, 200, headers, text.encode(), head=scope["method"] == "HEAD")

    async def _about(
        self, asked: Question, offer: Offer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the question itself as RDF: what its IRI dereferences to when it makes a table."""
        request = Request(
            Q + asked.name, kind="entity", rdf=offer.name, encoding=content_coding(scope)
        )
        await send_answer(self._services, scope, receive, send, request, name=asked.name)

    async def _answer(
        self, asked: Question, offer: Offer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        services = self._services
        bound = await read_asked(services, asked.name, scope["query_string"])
        types = {offer.name: content_type(offer)}
        if bound.paging.whole or asked.form != "SELECT":
            if not bound.paging.whole:
                raise BadRequest("Only tables have pages.", remedy="Leave limit and offset out.")
            request = bound.request(offer.name, content_coding(scope))
            await send_answer(
                services, scope, receive, send, request, content_types=types, name=asked.name
            )
            return
        request = bound.request(offer.name)
        place = f"{services.key(request)} {bound.paging.limit} {bound.paging.offset}"
        tag = hashlib.sha256(place.encode()).hexdigest()[:32]
        headers = {"Vary": "Accept", "ETag": f'"{tag}"', "Cache-Control": CACHE_CONTROL}
        if matches(header(scope, b"if-none-match"), tag):
            await send_response(send, 304, headers)
            return
        client = client_of(scope, services.config.proxies)
        answer, cached = await unless_gone(receive, services.answer(request, client))
        try:
            body, rows = cut(answer.body, offer.name, bound.paging)
            path = services.config.url + scope["path"]
            if link := links(path, bound.given, bound.paging, rows, answer.snapshot):
                headers["Link"] = link
            headers |= {
                "Content-Type": types[offer.name],
                "Catchup-Rows": str(rows),
                "Server-Timing": timing(answer, cached),
            }
            if answer.truncated:
                limit = getattr(services.config.limits, answer.truncated)
                headers["Catchup-Truncated"] = f"{answer.truncated};limit={limit}"
            await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")
        finally:
            services.release(answer, cached)


class Examples:
    """Answers /.well-known/sparql-examples: the queries in the form of SIB's sparql-examples."""

    def __init__(self, services: Services, offer: Offer | None = None) -> None:
        self._services = services
        self._offer = offer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        accept = header(scope, b"accept")
        offer = self._offer or negotiate_document(accept)
        if offer is None:
            raise not_acceptable(accept, DOCUMENT)
        if offer.name == "html":
            headers = {"Location": f"{self._services.config.url}/queries", "Vary": "Accept"}
            await send_response(send, 303, headers)
            return
        await _examples(self._services, scope, receive, send, offer)


async def _examples(
    services: Services, scope: Scope, receive: Receive, send: Send, offer: Offer
) -> None:
    coding = content_coding(scope)
    request = Request(graph_iri("queries"), kind="graph", rdf=offer.name, encoding=coding)
    types = {offer.name: content_type(offer)}
    await send_answer(
        services, scope, receive, send, request, content_types=types, name="sparql-examples"
    )


def _formats(asked: Question) -> str:
    table = asked.form in _TABLE
    suffixes: Iterable[str] = (f.suffix for f in family("results" if table else "rdf"))
    return f"There are {', '.join(suffixes)} and .html."


def _list_page(listed: list[dict[str, Any]]) -> str:
    items = "".join(
        f'<li><a href="/queries/{escape(q["name"])}">{escape(q["question"])}</a></li>'
        for q in listed
    )
    return page("Questions", f"<ol>{items}</ol>")


def router(services: Services) -> APIRouter:
    """Return the routes /queries, /queries/{name} and /.well-known/sparql-examples."""
    routes = APIRouter()
    add = routes.routes.append
    well_known = "/.well-known/sparql-examples"
    add(AsgiRoute(well_known, Examples(services)))
    for path in ("/queries", "/queries/"):
        add(AsgiRoute(path, QuestionList(services)))
    offers = [Offer(f.media_type, f.name) for f in family("rdf")]
    for offer in (_JSON, Offer(HTML, "html"), *offers):
        suffix = FORMATS[offer.name].suffix if offer.name in FORMATS else ".html"
        add(AsgiRoute("/queries" + suffix, QuestionList(services, offer)))
        if offer in offers:
            add(AsgiRoute(well_known + suffix, Examples(services, offer)))
    add(AsgiRoute("/queries/{name}", Questions(services)))
    return routes


def extend_openapi(app: FastAPI) -> None:
    """Add every question with its parameters to the OpenAPI document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        for path, item in paths(catalogue().values()).items():
            schema["paths"].setdefault(path, item)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
