"""What a client wishes, and all that follows from it alone, worked out once.

A client sends the same header lines with each request. So what they wish is kept under the very
bytes, once the HTTP parser has read them, and the next such request need not be parsed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catchup.kg.engine.model import Request
from catchup.server.limits import client_of
from catchup.server.negotiate import Choice, encoding, negotiate

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

Headers = list[tuple[bytes, bytes]]

# Any other header may change the answer, so a request with one takes the long way.
_HARMLESS = frozenset(
    b"""host user-agent accept-language origin referer cache-control pragma dnt priority
    sec-fetch-mode sec-fetch-site sec-fetch-dest""".split()
)
# What proxies add: they say who asks, and decide nothing else.
_OF_PROXIES = frozenset(
    b"""x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-server
    x-real-ip x-request-id via forwarded""".split()
)
# A client's lines take some 100 to 800 bytes. Behind proxies each client has its own.
_BLOCKS = 1024
_BLOCK_AT_MOST = 4096
# Wishes that are different: Accept and Accept-Encoding.
_WISHES = 512


class Wish:
    """What two headers ask for, and what answers to it have in common."""

    def __init__(self, accept: bytes, accept_encoding: bytes) -> None:
        #: what names responses, beside the URL
        self.key = accept, accept_encoding
        self.accept = accept
        choice = negotiate(accept.decode("latin-1"))
        #: formats; None for a page or a refusal, which take the long way
        self.choice: Choice | None = None if choice.nothing or choice.html else choice
        #: a request without its query, and what begins its frame to a worker
        self.request = Request(
            "",
            results=choice.results.name if choice.results else None,
            rdf=choice.rdf.name if choice.rdf else None,
            encoding=encoding(accept_encoding.decode("latin-1")),  # type: ignore[arg-type]
        )
        self.head = self.request.head()
        #: the hash of all but the query, and for which snapshot
        self.hashed: tuple[str, Hash] | None = None
        #: constant header lines of answers, by what they depend on
        self.lines: dict[tuple[str, str, str, bool], bytes] = {}


class Wishes:
    """The wishes that were met with, bounded."""

    def __init__(self, proxies: int) -> None:
        self._proxies = proxies
        self._harmless = _HARMLESS | _OF_PROXIES if proxies else _HARMLESS
        self._known: dict[tuple[bytes, bytes], Wish] = {}
        # the wish, and the client that proxies name ("" is whoever is connected)
        self._blocks: dict[bytes, tuple[Wish, str]] = {}

    def of_block(self, block: bytes) -> tuple[Wish, str] | None:
        """Return what is known of header lines, with the empty one at the end, as they came."""
        return self._blocks.get(block)

    def keep(self, block: bytes, found: tuple[Wish, str]) -> None:
        """Know from now on what the parser found in header lines."""
        if len(block) > _BLOCK_AT_MOST:
            return
        if len(self._blocks) >= _BLOCKS:
            self._blocks.clear()
        self._blocks[block] = found

    def of_headers(self, headers: Headers) -> tuple[Wish, str] | None:
        """Return what headers wish, and for whom; None where others matter."""
        key = wished(headers, self._harmless)
        if key is None:
            return None
        wish = self._known.get(key)
        if wish is None:
            if len(self._known) >= _WISHES:
                self._known.clear()
            wish = self._known[key] = Wish(*key)
        client = ""
        if self._proxies and any(name == b"x-forwarded-for" for name, _ in headers):
            client = client_of({"client": None, "headers": headers}, self._proxies)
        return wish, client

    def key(self, headers: Headers) -> tuple[bytes, bytes] | None:
        """Return Accept and Accept-Encoding, None where other headers matter."""
        return wished(headers, self._harmless)


def wished(headers: Headers, harmless: frozenset[bytes]) -> tuple[bytes, bytes] | None:
    """Return Accept and Accept-Encoding; None if another header may change the answer."""
    found = {b"accept": b"", b"accept-encoding": b""}
    for name, value in headers:
        if name in found and not found[name]:
            found[name] = value
        elif name not in harmless and not (name == b"connection" and value == b"keep-alive"):
            return None
    accept, coding = found[b"accept"], found[b"accept-encoding"]
    # What is kept under it is bounded in number.
    return None if len(accept) + len(coding) > _BLOCK_AT_MOST else (accept, coding)
