"""Small pieces of ASGI: reading a bounded body, sending with back-pressure, noticing who left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

from catchup.server.problems import MethodNotAllowed, TooLarge

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

#: The methods of what is only read.
READ_ONLY = "GET, HEAD, OPTIONS"

# One write; the server's flow control works between writes, so a client that reads slowly
# keeps only this much beyond its socket's buffer.
_CHUNK = 64 * 1024
# Most answers are there sooner, and watching the connection costs a task of its own.
_WATCH_AFTER = 0.02


#: The request that is being answered: what has no scope at hand asks here for its language.
REQUESTED: ContextVar[Scope | None] = ContextVar("REQUESTED", default=None)


class ClientGone(Exception):
    """The client closed the connection before the answer was there."""


def header(scope: Scope, name: bytes) -> str:
    """Return a request header; several of one name are joined by commas (RFC 9110, 5.2)."""
    return ", ".join(v.decode("latin-1") for k, v in scope["headers"] if k == name)


async def only_options(scope: Scope, send: Send) -> bool:
    """Answer OPTIONS for what is only read; returns whether that was all.

    Raises MethodNotAllowed for a method that does not read.
    """
    method = scope["method"]
    if method == "OPTIONS":
        await send_response(send, 204, {"Allow": READ_ONLY})
        return True
    if method not in ("GET", "HEAD"):
        raise MethodNotAllowed(method, READ_ONLY)
    return False


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the request's body. Raises TooLarge past `limit` bytes, ClientGone."""
    too_large = TooLarge(
        f"The body is longer than the {limit:,} bytes that are read here.",
        remedy="Send less at once.",
    )
    length = header(scope, b"content-length")
    if length.isdigit() and int(length) > limit:
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large
        if not message.get("more_body"):
            return bytes(body)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, and cancel it when the client goes. Raises ClientGone."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    watchers: list[asyncio.Task[None]] = []
    left = False

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        task.cancel()

    timer = loop.call_later(_WATCH_AFTER, lambda: watchers.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if left:
            task.uncancel()
            raise ClientGone from None
        raise
    finally:
        timer.cancel()
        for watcher in watchers:
            watcher.cancel()


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
        # To a quick client all pieces go at once: 20 MB held up everybody else for 40 ms.
        await asyncio.sleep(0)
