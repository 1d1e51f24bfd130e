"""The fast path: a plain query by GET goes from the parser to a worker's socket and back.

Through ASGI, its tasks and its messages a small query takes some 250 us of the web process; from
here a third. Whatever is not plain (other methods, pages, SERVICE) takes the long way; the answer
is the same, but for the order of its headers.
"""

from __future__ import annotations

import asyncio
import binascii
from http import HTTPStatus
from typing import Any, Protocol

from catchup.kg.engine import wire
from catchup.kg.engine.job import Job
from catchup.kg.engine.model import DIGEST, Answer
from catchup.kg.engine.pool import Pool
from catchup.kg.errors import CatchupError
from catchup.server.asgi import Message
from catchup.server.front import completed
from catchup.server.limits import client_of
from catchup.server.negotiate import content_type
from catchup.server.protocol import BYTE_ORDER_MARK
from catchup.server.responses import VARY, answer_headers, send_problem
from catchup.server.services import Services
from catchup.server.wish import Wish

QUERY = b"/sparql?query="
# What may stand in one parameter of a URL, so that nothing else is in it (RFC 3986, 3.4).
_IN_FORM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'()*+,:@/?=%"
_BYTE_ORDER_MARK = BYTE_ORDER_MARK.encode()
_EVERY = f"vary: {VARY}\r\n".encode() + b"".join(
    b"%b: %b\r\n" % pair for pair in completed([(b"content-type", b"")], cors=True)[1:]
)


class Caller(Protocol):
    """Who asks: a connection."""

    def reply(self, status: bytes, lines: bytes, own: bytes, body: bytes, held: int) -> None:
        """Take the response: status, header lines, its own ones, body, and how much is held."""


class Question(Job):
    """A query on its way, with what its answer needs."""

    __slots__ = ("caller", "fast", "key", "snapshot", "wish")

    def __init__(
        self,
        frame: bytes,
        client: str,
        fast: FastPath,
        caller: Caller,
        wish: Wish,
        key: str,
        snapshot: str,
    ) -> None:
        super().__init__(frame, client, fast.timeout)
        self.fast = fast
        self.caller = caller
        self.wish = wish
        self.key = key
        self.snapshot = snapshot

    def done(self, outcome: Answer | CatchupError) -> None:
        """Answer who asked."""
        self.fast.answered(self, outcome)


class FastPath:
    """Answers plain queries; None from `begin` sends a request the long way."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pool = services.store if isinstance(services.store, Pool) else None
        self._federates = services.federates("service")
        self.timeout = services.config.limits.timeout
        self._tasks: set[asyncio.Task[None]] = set()

    def client(self, address: tuple[str, int] | None) -> str:
        """Return whom the requests of a connection count against."""
        return client_of({"client": address, "headers": []}, 0)

    def begin(self, url: bytes, wish: Wish, client: str, caller: Caller) -> Question | None:
        """Begin to answer a GET; None: take the long way.

        `caller` gets the response, never before this returns.
        """
        pool, services = self._pool, self._services
        if pool is None or wish.choice is None or not url.startswith(QUERY):
            return None
        # one parameter, without a fragment; what is not UTF-8 is told the long way
        form = url[len(QUERY) :]
        if form.translate(None, _IN_FORM):
            return None
        try:
            query = _unquoted(form)
        except UnicodeError:
            return None
        # the long way takes it off
        if query.startswith(_BYTE_ORDER_MARK):
            return None
        if self._federates and b"service" in query.lower():
            return None
        snapshot = pool.snapshot
        if wish.hashed is None or wish.hashed[0] != snapshot:
            wish.hashed = snapshot, services.hashed(wish.request)
        hashed = wish.hashed[1].copy()
        hashed.update(query)
        key = hashed.hexdigest()[:DIGEST]
        if key in services.cache:
            return None
        head = wish.head
        frame = b"%b%b%b" % (wire.LENGTHS.pack(len(head), len(query)), head, query)
        job = Question(frame, client, self, caller, wish, key, snapshot)
        try:
            services.budgets.check(client)
            pool.submit(job)
        except CatchupError as error:
            job.finished = True
            self._background(self._problem(job, error))
        return job

    def answered(self, job: Question, outcome: Answer | CatchupError) -> None:
        """Reply to whoever asked a question."""
        services, wish = self._services, job.wish
        if isinstance(outcome, CatchupError):
            services.failed(job, outcome)
            self._background(self._problem(job, outcome))
            return
        answer = services.settle(job, outcome)
        which = answer.format, answer.encoding, answer.truncated, answer.volatile
        lines = wish.lines.get(which)
        if lines is None:
            lines = wish.lines[which] = self._constant(wish, answer)
        body, times = answer.body, answer.timings
        size = len(body)
        services.metrics.request("sparql", 200)
        own = (
            b"content-length: %d\r\nserver-timing: queue;dur=%.3f, engine;dur=%.3f,"
            b' serialise;dur=%.3f, cache;desc="miss"\r\n'
            % (size, times["queue"], times["engine"], times["serialise"])
        )
        if not answer.volatile:
            own = b'etag: "%b"\r\n%b' % (job.key.encode(), own)
        job.caller.reply(b"200 OK", lines, own, body, size)

    def _constant(self, wish: Wish, answer: Answer) -> bytes:
        """Return the header lines that all such answers to a wish have."""
        assert wish.choice is not None
        choice = wish.choice
        offer = choice.rdf if choice.rdf and choice.rdf.name == answer.format else choice.results
        type_ = content_type(offer) if offer else answer.content_type
        headers = answer_headers(self._services, answer, "", type_)
        headers.pop("ETag", None)
        lines = "".join([f"{name.lower()}: {value}\r\n" for name, value in headers.items()])
        return lines.encode("latin-1", "replace") + _EVERY

    def sent(self, held: int) -> None:
        """Say that a reply is sent, or will not be."""
        self._services.store.release(held)

    @property
    def stalled(self) -> float:
        """How long a client may take nothing, in seconds."""
        return self._services.config.client.stalled

    def gone(self, job: Question) -> None:
        """End a question whose client went away."""
        if not job.finished and self._pool is not None:
            self._pool.cancel(job)
            self._services.failed(job, None)

    async def _problem(self, job: Question, error: CatchupError) -> None:
        messages: list[Message] = []

        async def send(message: Message) -> None:
            messages.append(message)

        scope: dict[str, Any] = {"method": "GET", "headers": [(b"accept", job.wish.accept)]}
        await send_problem(self._services, scope, send, error)
        start, body = messages
        self._services.metrics.request("sparql", start["status"])
        headers = completed(start["headers"], cors=True)
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
        status = f"{start['status']} {HTTPStatus(start['status']).phrase}".encode()
        job.caller.reply(status, lines, b"", body["body"], 0)

    def _background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _unquoted(form: bytes) -> bytes:
    """Return percent-encoded UTF-8 decoded. Raises UnicodeError for all that is not well formed.

    By the codec of quoted-printable, whose escapes differ in one character, since it is compiled:
    1 us, where `unquote_plus` takes 25. `form` has no line ends.
    """
    escaped = form.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"=")
    found = binascii.a2b_qp(escaped)
    if len(found) != len(form) - 2 * form.count(b"%"):
        raise UnicodeError("an escape has no two digits")
    if not found.isascii():
        found.decode()
    return found
