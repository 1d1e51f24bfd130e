"""Sending answers of the engine, and problems, over ASGI."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import lru_cache
from typing import Any

from catchup.kg.engine.execute import COMPRESS_FROM, compress
from catchup.kg.engine.formats import FORMATS
from catchup.kg.engine.model import Answer, Request
from catchup.kg.errors import CatchupError
from catchup.server.asgi import Receive, Scope, Send, header, send_response, unless_gone
from catchup.server.limits import client_of
from catchup.server.negotiate import HTML, encoding
from catchup.server.problems import PROBLEM_JSON, problem_body, problem_headers
from catchup.server.services import Services

# Answers change only with the snapshot; a few seconds spare a page that asks the same ten times.
CACHE_CONTROL = "public, max-age=5"
VARY = "Accept, Accept-Encoding"
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


def matches(if_none_match: str, etag: str) -> bool:
    """Return whether If-None-Match names the ETag (RFC 9110, 13.1.2: weak comparison)."""
    if if_none_match.strip() == "*":
        return True
    return f'"{etag}"' in (f'"{tag}"' for tag in _ETAG.findall(if_none_match))


def timing(answer: Answer, cached: bool) -> str:
    """Return Server-Timing: what the answer cost, or that it cost nothing."""
    if cached:
        return 'cache;desc="hit"'
    phases = ", ".join(f"{name};dur={ms:.3f}" for name, ms in answer.timings.items())
    return phases + ', cache;desc="miss"'


async def send_answer(
    services: Services,
    scope: Scope,
    receive: Receive,
    send: Send,
    request: Request,
    *,
    content_types: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    name: str = "results",
    found: bool = True,
) -> None:
    """Answer a request to the engine.

    `content_types` says under which media type a format was asked for. With `found` False an
    empty description is a 404, decided by the caller before. Raises what the engine raises.
    """
    tag = services.key(request)
    out = {"Vary": VARY, **(headers or {})}
    if_none_match = header(scope, b"if-none-match")
    # The ETag is made of what decides the answer, so nothing need be run to compare it.
    if if_none_match and if_none_match.strip() != "*" and matches(if_none_match, tag):
        fresh = out | {"ETag": f'"{tag}"', "Cache-Control": CACHE_CONTROL}
        await send_response(send, 304, fresh)
        return
    client = client_of(scope, services.config.proxies)
    answer, cached = await unless_gone(receive, services.answer(request, client))
    try:
        type_ = (content_types or {}).get(answer.format) or answer.content_type
        out |= {"Server-Timing": timing(answer, cached)}
        out |= answer_headers(services, answer, tag, type_, name)
        head = scope["method"] == "HEAD"
        stalled = services.config.client.stalled
        await send_response(send, 200, out, answer.body, head=head, stalled=stalled)
    finally:
        services.release(answer, cached)


def answer_headers(
    services: Services, answer: Answer, tag: str, type_: str, name: str = "results"
) -> dict[str, str]:
    """Return the headers that say what an answer is; `tag` is its ETag, if it has one."""
    out = {"Content-Type": type_}
    if answer.volatile:
        out["Cache-Control"] = "no-store"
    else:
        out |= {"ETag": f'"{tag}"', "Cache-Control": CACHE_CONTROL}
    if answer.encoding:
        out["Content-Encoding"] = answer.encoding
    if answer.truncated:
        limit = getattr(services.config.limits, answer.truncated)
        out["Catchup-Truncated"] = f"{answer.truncated};limit={limit}"
    if answer.format in ("csv", "tsv"):
        suffix = FORMATS[answer.format].suffix
        out["Content-Disposition"] = f'inline; filename="{name}{suffix}"'
    return out


async def send_document(scope: Scope, send: Send, body: bytes, headers: dict[str, str]) -> None:
    """Send a document that is whole already: compressed, with an ETag that can be asked for again.

    `headers` says its type and what else it varies by.
    """
    coding = content_coding(scope) if len(body) >= COMPRESS_FROM else ""
    tag = hashlib.sha256(body).hexdigest()[:32] + (f"-{coding}" if coding else "")
    vary = ", ".join([*filter(None, [headers.get("Vary")]), "Accept-Encoding"])
    out = headers | {"Vary": vary, "ETag": f'"{tag}"', "Cache-Control": CACHE_CONTROL}
    if matches(header(scope, b"if-none-match"), tag):
        await send_response(send, 304, out)
        return
    if coding:
        out["Content-Encoding"] = coding
        body = await asyncio.to_thread(_compressed, body, coding)
    await send_response(send, 200, out, body, head=scope["method"] == "HEAD")


@lru_cache(16)
def _compressed(body: bytes, coding: str) -> bytes:
    return compress(body, coding)


async def send_problem(services: Services, scope: Scope, send: Send, error: CatchupError) -> None:
    """Send an error as problem details: JSON, or a page for a browser."""
    data, body = problem_body(error)
    type_ = PROBLEM_JSON
    if wants_page(header(scope, b"accept")):
        type_, body = f"{HTML}; charset=utf-8", services.pages.problem(data).encode()
    headers = {"Content-Type": type_, "Cache-Control": "no-store", "Vary": "Accept"}
    headers |= problem_headers(error)
    await send_response(send, int(data["status"]), headers, body, head=scope["method"] == "HEAD")


def wants_page(accept: str) -> bool:
    """Return whether a client names HTML: a browser, not a script that takes anything."""
    return HTML in accept.lower() and not re.search(r"text/html\s*;\s*q=0(\.0*)?\s*(,|$)", accept)


def content_coding(scope: Scope) -> Any:
    """Return the content coding that the client takes and we have."""
    return encoding(header(scope, b"accept-encoding"))
