"""Small pieces of ASGI: reading a bounded body, sending with back-pressure, noticing who left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from catchup.server.problems import TooLarge

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

# One write; the server's flow control works between writes, so a client that reads slowly
# keeps only this much beyond its socket's buffer.
_CHUNK = 64 * 1024


class ClientGone(Exception):
    """The client closed the connection before the answer was there."""


def header(scope: Scope, name: bytes) -> str:
    """Return a request header; several of one name are joined by commas (RFC 9110, 5.2)."""
    return ", ".join(v.decode("latin-1") for k, v in scope["headers"] if k == name)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the request's body. Raises TooLarge past `limit` bytes, ClientGone."""
    too_large = TooLarge(
        f"The body is longer than the {limit:,} bytes that are read here.",
        remedy="Send less at once.",
    )
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > limit:
        raise too_large
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > limit:
            raise too_large
        if not message.get("more_body"):
            return body


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, and cancel it when the client goes. Raises ClientGone."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_response(
    send: Send,
    status: int,
    headers: dict[str, str],
    body: bytes = b"",
    *,
    head: bool = False,
    stalled: float = 30.0,
) -> None:
    """Send a whole response. Raises ClientGone when the client takes nothing for `stalled` s."""
    if status not in (204, 304):
        headers = headers | {"Content-Length": str(len(body))}
    raw = [(k.lower().encode(), v.encode("latin-1", "replace")) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    if head or len(body) <= _CHUNK:
        await send({"type": "http.response.body", "body": b"" if head else body})
        return
    for start in range(0, len(body), _CHUNK):
        more = start + _CHUNK < len(body)
        piece = body[start : start + _CHUNK]
        try:
            async with asyncio.timeout(stalled):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            raise ClientGone from None
