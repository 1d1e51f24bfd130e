"""One connection: uvicorn's protocol, with kept and plain answers given before ASGI is entered."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from catchup.server.bounds import Bounds
from catchup.server.fast import QUERY, FastPath, Question
from catchup.server.hot import HotAnswers
from catchup.server.wish import Wish, Wishes

# As in asgi.py: what is longer is written in pieces, and waits for slow readers between them.
_CHUNK = 64 * 1024
_BEGIN = b"GET " + QUERY
_VERSION = b" HTTP/1.1\r\n"
_END = b"\r\n\r\n"


class _Cycle:
    """Stands where uvicorn keeps the running request, while the fast path answers it."""

    def __init__(self) -> None:
        self.response_started = False
        self.response_complete = True
        self.keep_alive = True
        self.disconnected = False
        self.message_event = self

    def set(self) -> None:
        """Do nothing: uvicorn wakes the application with this."""


def protocol(
    fast: FastPath, answers: HotAnswers, wishes: Wishes, bounds: Bounds
) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol, with `answers` and `fast` asked before the application.

    A request whose header lines came before, alone and whole in one piece, is not parsed again;
    everything else is, by uvicorn's parser.
    """
    # the date is new each second, as a new list
    seen: list[tuple[bytes, bytes]] = []
    lines = b""

    class HotProtocol(HttpToolsProtocol):
        """Answers what needs no application; hands on everything else unchanged."""

        # whether the request being parsed is answered already, or about to be
        _hot = False
        # whether the parser is between two requests, and how many began in this piece
        _between = True
        _begun = 0
        # whether the request being parsed is known to need the application
        _long = False
        _head = 0
        _fields = 0
        # since when a request arrives, and how much of its body did; 0: none is on its way
        _since = 0.0
        _taken = 0
        # what the client had not taken when it was last looked at
        _untaken = 0
        _client = ""
        _entered = False
        _wish: tuple[Wish, str] | None = None
        _question: Question | None = None
        _own: _Cycle | None = None
        _quiet = 0.0
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Take a new connection, or refuse it when there are too many."""
            super().connection_made(transport)
            self._client = fast.client(self.client)
            self._entered = bounds.enter(self._client)
            if self._entered:
                self._quiet = self.loop.time()
                self._timer = self.loop.call_later(self._pause, self._look)
            else:
                self._refuse(bounds.full)

        def _refuse(self, response: bytes) -> None:
            """End the connection, with a response where none has begun."""
            if self.transport.is_closing():
                return
            cycle = self.cycle
            if cycle is None or cycle.response_complete or not cycle.response_started:
                self.transport.write(response)
            self.transport.close()

        def send_400_response(self, msg: str) -> None:
            """Say that what came is no request."""
            self._refuse(bounds.malformed)

        def data_received(self, data: bytes) -> None:
            """Take what the client sent."""
            self._quiet = self.loop.time()
            if self.timeout_keep_alive_task is not None:
                self._unset_keepalive_if_required()
            block = b""
            if self._between and data.startswith(_BEGIN) and self._idle():
                kept = answers.whole(data)
                if kept is not None:
                    self._hit(kept)
                    return
                end = data.find(_VERSION)
                block = (
                    data[end + len(_VERSION) :] if end > 0 and len(data) < bounds.headers else b""
                )
                wished = wishes.of_block(block)
                if wished is not None:
                    if self._answer(data[4:end], wished, data):
                        return
                    self._long = True
                    block = b""
            self._wish, self._begun = None, 0
            super().data_received(data)
            # one whole request that the parser read, and nothing else: its lines are known now
            if block and self._wish and self._begun == 1 and self._between and _alone(block):
                wishes.keep(block, self._wish)

        def _idle(self) -> bool:
            """Whether a request can be answered at once, out of turn with no other."""
            cycle = self.cycle
            return (cycle is None or cycle.response_complete) and not self.flow.write_paused

        def _unsupported_upgrade_warning(self) -> None:
            """Leave a connection to the parser that it reads no more requests from."""
            self._between = False
            super()._unsupported_upgrade_warning()

        def on_message_begin(self) -> None:
            """Begin a request; its scope is made only when the application is needed."""
            self.url = b""
            self.headers = []
            self.expect_100_continue = False
            self._head = self._fields = 0
            self._since = self.loop.time()
            self._between = False
            self._begun += 1

        def on_url(self, url: bytes) -> None:
            """Take a piece of the URL."""
            super().on_url(url)
            self._bound(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            """Take a header."""
            super().on_header(name, value)
            size = len(name) + len(value) + 64
            self._fields += size
            self._bound(size)

        def _bound(self, size: int) -> None:
            self._head += size
            if self._head > bounds.head or self._fields > bounds.headers:
                self._refuse(bounds.head_too_long)

        def on_headers_complete(self) -> None:
            """Answer a request that was answered before, or hand it on."""
            if self.transport.is_closing():
                self._hot = True
                return
            long, self._long = self._long, False
            if (
                not long
                and self.url.startswith(b"/sparql?")
                and self.parser.get_method() == b"GET"
                and self.parser.get_http_version() == "1.1"
            ):
                self._wish = wishes.of_headers(self.headers)
                if self._wish and self._idle() and self._answer(self.url, self._wish):
                    self._hot = True
                    return
            url, headers, expect = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()
            self.url = url
            self.headers.extend(headers)
            self.expect_100_continue = expect
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """Take a piece of a body; a kept answer has none."""
            if self._hot or self.cycle.response_complete or self.transport.is_closing():
                return
            if not bounds.take(len(body)):
                self._refuse(bounds.bodies_full)
                return
            self._taken += len(body)
            super().on_body(body)

        def on_message_complete(self) -> None:
            """End a request."""
            self._between = True
            self._since = 0.0
            if not self._hot:
                super().on_message_complete()
            self._hot = False

        def on_response_complete(self) -> None:
            """End a response: what its request held is free."""
            self._give()
            super().on_response_complete()

        def _give(self) -> None:
            bounds.give(self._taken)
            self._taken = 0

        def connection_lost(self, exc: Exception | None) -> None:
            """End the query that nobody waits for."""
            self._give()
            if self._entered:
                bounds.leave(self._client)
                self._entered = False
            if self._question is not None:
                fast.gone(self._question)
                self._question = None
            if self._timer is not None:
                self._timer.cancel()
            super().connection_lost(exc)

        def _answer(self, url: bytes, wished: tuple[Wish, str], request: bytes = b"") -> bool:
            """Answer from memory, or begin to answer; False: the application is to do it."""
            wish, client = wished
            kept = answers.get((url, *wish.key), request)
            if kept is not None:
                self._hit(kept)
                return True
            question = fast.begin(url, wish, client or self._client, self)
            if question is None:
                return False
            self._question = question
            if self._own is None:
                self._own = _Cycle()
            self._own.response_started = self._own.response_complete = False
            self.cycle = self._own  # type: ignore[assignment]
            return True

        def _lines(self) -> bytes:
            """Return the status line of an answer, with the lines that all responses have."""
            nonlocal seen, lines
            if self.server_state.default_headers is not seen:
                seen = self.server_state.default_headers
                lines = b"".join([b"%b: %b\r\n" % h for h in seen])
            return lines

        def _hit(self, kept: bytes) -> None:
            answers.hits += 1
            self.transport.write(b"HTTP/1.1 200 OK\r\n%b%b" % (self._lines(), kept))
            self._rest()

        def _rest(self) -> None:
            """Wait for the next request."""
            self.server_state.total_requests += 1
            # uvicorn's own timer, begun anew for each response, takes 5 us
            if self._timer is None:
                self._timer = self.loop.call_later(self._pause, self._look)

        @property
        def _pause(self) -> float:
            return min(self.timeout_keep_alive, bounds.arrival)

        def _look(self) -> None:
            """Close the connection when it rests, sends or takes for too long."""
            self._timer = None
            if self.transport.is_closing():
                return
            now, left = self.loop.time(), self._pause
            if self._since and now - self._since > bounds.arrival and not self.flow.read_paused:
                self._refuse(bounds.late)
                return
            untaken = self.transport.get_write_buffer_size() if self.flow.write_paused else 0
            if untaken and untaken == self._untaken:
                self.transport.abort()
                return
            self._untaken = untaken
            if self.timeout_keep_alive_task is None and self._between and self._idle():
                left = self._quiet + self.timeout_keep_alive - now
            if left > 0:
                self._timer = self.loop.call_later(left, self._look)
            else:
                self.transport.close()

        def reply(self, status: bytes, lines: bytes, own: bytes, body: bytes, held: int) -> None:
            """Send a response that the fast path made."""
            self._question = None
            if self._own is not None:
                self._own.response_started = True
            parts = (b"HTTP/1.1 ", status, b"\r\n", self._lines(), lines, own, b"\r\n")
            if len(body) > _CHUNK:
                task = self.loop.create_task(self._send_long(b"".join(parts), body, held))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
                return
            if not self.transport.is_closing():
                self.transport.write(b"".join((*parts, body)))
            fast.sent(held)
            self._done()

        async def _send_long(self, head: bytes, body: bytes, held: int) -> None:
            """Send a long body in pieces, as fast as the client takes them."""
            view = memoryview(body)
            try:
                self.transport.write(head)
                for start in range(0, len(view), _CHUNK):
                    async with asyncio.timeout(fast.stalled):
                        await self.flow.drain()
                    if self.transport.is_closing():
                        return
                    self.transport.write(view[start : start + _CHUNK])
                    # others have their turn between two pieces, see asgi.py
                    await asyncio.sleep(0)
            except TimeoutError:
                self.transport.abort()
            finally:
                fast.sent(held)
                self._done()

        def _done(self) -> None:
            own = self._own
            assert own is not None
            own.response_complete = True
            if not own.keep_alive:
                self.transport.close()
            self._quiet = self.loop.time()
            if self.pipeline:
                self.on_response_complete()
            else:
                self._rest()

    return HotProtocol


def _alone(block: bytes) -> bool:
    """Whether header lines end where the bytes end, and have no line ends but CRLF."""
    return block.find(_END) == len(block) - len(_END) and block.count(b"\n") == block.count(b"\r\n")
