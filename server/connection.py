"""One connection: uvicorn's protocol, with kept and plain answers given before ASGI is entered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from catchup.server.fast import FastPath, Reply
from catchup.server.hot import HotAnswers, Key, request_key

# Request line and headers together; the parser itself has no bound.
_HEAD_AT_MOST = 128 * 1024
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)
# As in asgi.py: what is longer is written in pieces, and waits for slow readers between them.
_CHUNK = 64 * 1024


class _Cycle:
    """Stands where uvicorn keeps the running request, while the fast path answers it."""

    def __init__(self) -> None:
        self.response_complete = False
        self.keep_alive = True
        self.disconnected = False
        self.message_event = self
        self.end: Callable[[], None] | None = None

    def set(self) -> None:
        """Do nothing: uvicorn wakes the application with this."""


def protocol(fast: FastPath, answers: HotAnswers) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol, with `answers` and `fast` asked before the application."""

    class HotProtocol(HttpToolsProtocol):
        """Answers what needs no application; hands on everything else unchanged."""

        # whether the request being parsed is answered already, and whether its answer is sent
        _hot = _sent = False
        _head = 0
        _client = ""

        def on_message_begin(self) -> None:
            """Begin a request; its scope is made only when the application is needed."""
            self.url = b""
            self.headers = []
            self.expect_100_continue = False
            self._head = 0

        def on_url(self, url: bytes) -> None:
            """Take a piece of the URL."""
            super().on_url(url)
            self._bound(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            """Take a header."""
            super().on_header(name, value)
            self._bound(len(name) + len(value) + 64)

        def _bound(self, size: int) -> None:
            self._head += size
            if self._head > _HEAD_AT_MOST and not self.transport.is_closing():
                self.transport.write(_TOO_LONG)
                self.transport.close()

        def on_headers_complete(self) -> None:
            """Answer a request that was answered before, or hand it on."""
            if self.transport.is_closing():
                self._hot = True
                return
            idle = self.cycle is None or self.cycle.response_complete
            if (
                idle
                and self.url.startswith(b"/sparql?")
                and self.parser.get_method() == b"GET"
                and self.parser.get_http_version() == "1.1"
                and not self.flow.write_paused
            ):
                key = request_key(self.url, self.headers)
                if key is not None and self._answer(key):
                    return
            url, headers, expect = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()
            self.url = url
            self.headers.extend(headers)
            self.expect_100_continue = expect
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """Take a piece of a body; a kept answer has none."""
            if not self._hot:
                super().on_body(body)

        def on_message_complete(self) -> None:
            """End a request."""
            if not self._hot:
                super().on_message_complete()
                return
            self._hot = False
            if self._sent:
                self.server_state.total_requests += 1
                self._unset_keepalive_if_required()
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )

        def connection_lost(self, exc: Exception | None) -> None:
            """End the query that nobody waits for."""
            if (
                isinstance(self.cycle, _Cycle)
                and self.cycle.end
                and not self.cycle.response_complete
            ):
                self.cycle.end()
            super().connection_lost(exc)

        def _answer(self, key: Key) -> bool:
            """Answer from memory, or begin to answer; False: the application is to do it."""
            kept = answers.get(key)
            if kept is not None:
                self._hot = self._sent = True
                self.transport.write(b"HTTP/1.1 200 OK\r\n%b%b" % (self._lines(), kept))
                return True
            self._client = self._client or fast.client(self.client)
            cycle = _Cycle()
            end = fast.begin(*key, self._client, lambda reply: self._reply(cycle, reply))
            if end is None:
                return False
            cycle.end = end
            self.cycle = cycle  # type: ignore[assignment]
            self._hot, self._sent = True, False
            return True

        def _lines(self) -> bytes:
            return b"".join([b"%b: %b\r\n" % h for h in self.server_state.default_headers])

        def _reply(self, cycle: _Cycle, reply: Reply) -> None:
            """Send a response that the fast path made."""
            head = b"HTTP/1.1 %b\r\n%b%b\r\n" % (reply.status, self._lines(), reply.lines)
            if len(reply.body) > _CHUNK:
                task = self.loop.create_task(self._send_long(cycle, head, reply))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
                return
            if not self.transport.is_closing():
                self.transport.write(head + reply.body)
            fast.sent(reply)
            self._done(cycle)

        async def _send_long(self, cycle: _Cycle, head: bytes, reply: Reply) -> None:
            """Send a long body in pieces, as fast as the client takes them."""
            view = memoryview(reply.body)
            try:
                self.transport.write(head)
                for start in range(0, len(view), _CHUNK):
                    async with asyncio.timeout(fast.stalled):
                        await self.flow.drain()
                    if self.transport.is_closing():
                        return
                    self.transport.write(view[start : start + _CHUNK])
            except TimeoutError:
                self.transport.abort()
            finally:
                fast.sent(reply)
                self._done(cycle)

        def _done(self, cycle: _Cycle) -> None:
            cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

    return HotProtocol
