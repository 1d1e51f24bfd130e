"""What a connection may carry: requests in pieces, several at once, odd headers, odd targets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.serve import Served, start

LOOKUP = "/sparql?query=" + quote("ASK { <https://w3id.org/catchup/id/huawei> ?p ?o }", safe="")
LINES = "Host: x\r\nAccept: application/sparql-results+json\r\n"


class Wire:
    """A connection of bytes."""

    def __init__(self, served: Served) -> None:
        host, port = served.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), 10)
        # what is sent in pieces arrives in pieces
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, data: str | bytes) -> None:
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one response with a Content-Length; status 0 when there is none to come."""
        while b"\r\n\r\n" not in self._rest:
            more = self.socket.recv(65536)
            if not more:
                return 0, {}, b""
            self._rest += more
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(rest) < size:
            more = self.socket.recv(65536)
            assert more
            rest += more
        self._rest = rest[size:]
        return int(status.split(" ")[1]), headers, rest[:size]

    def true(self) -> bool:
        """Read the answer to LOOKUP."""
        status, _, body = self.answer()
        return status == 200 and json.loads(body)["boolean"] is True


@pytest.fixture
def wire(endpoint: Served) -> Iterator[Wire]:
    found = Wire(endpoint)
    yield found
    found.socket.close()


def lookup(number: object, lines: str = LINES) -> str:
    """Return a look-up that no other test asks."""
    return f"GET {LOOKUP}%20%23{number} HTTP/1.1\r\n{lines}\r\n"


def test_a_request_in_two_pieces_is_the_same_request(wire: Wire) -> None:
    wire.send(lookup("known"))
    assert wire.true()
    for at in range(1, len(lookup(100))):
        request = lookup(100 + at)
        wire.send(request[:at])
        wire.send(request[at:])
        assert wire.true(), f"cut at {at}"


def test_a_request_byte_by_byte(wire: Wire) -> None:
    for _ in range(2):
        for byte in lookup("bytes").encode():
            wire.send(bytes([byte]))
        assert wire.true()


@pytest.mark.parametrize("known", [True, False])
def test_several_requests_in_one_piece(wire: Wire, known: bool) -> None:
    lines = LINES + f"User-Agent: {known}\r\n"
    if known:
        for _ in range(3):
            wire.send(lookup("kept", lines))
            assert wire.true()
    kept, fresh = lookup("kept", lines), [lookup(f"p{known}{n}", lines) for n in range(3)]
    other = f"GET /health HTTP/1.1\r\n{lines}\r\n"
    wire.send(kept + fresh[0] + other + fresh[1] + kept + fresh[2][:20])
    seen = [wire.answer()[2] for _ in range(5)]
    assert ["boolean" in s.decode() for s in seen] == [True, True, False, True, True]
    wire.send(fresh[2][20:])
    assert wire.true()


def test_a_request_behind_one_that_runs(wire: Wire) -> None:
    slow = (
        "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(STR(?c) = CONCAT(STR(?f), STR(?i), 'x')) }"
    )
    wire.send(f"GET /sparql?query={quote(slow, safe='')} HTTP/1.1\r\n{LINES}\r\n")
    wire.send(lookup("behind"))
    assert wire.answer()[0] in (200, 504)
    assert wire.true()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("Host: x\r\naCCEPT:application/sparql-results+json\r\n", 200),
        ("Host: x\r\nAccept:\t application/sparql-results+json \r\n", 200),
        ("Host: x\r\nAccept: text/csv;q=0\r\nAccept: application/sparql-results+json\r\n", 200),
        ("Host: x\r\nAccept: image/png\r\n", 406),
        ("Host: x\r\nCookie: a=b\r\n", 200),
        ("Host: x\r\nContent-Length: 0\r\n", 200),
        ("Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", 200),
        ("Host: x\r\nExpect: 200-maybe\r\n", 200),
        ("Host: x\r\nNo colon\r\n", 400),
        ("Host: x\r\nAccept : */*\r\n", 400),
        ("Host: x\r\nX: a\nb: c\r\n", 400),
        ("Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400),
    ],
)
def test_header_lines(endpoint: Served, lines: str, status: int) -> None:
    for number in range(3):
        wire = Wire(endpoint)
        wire.send(lookup(f"{lines.encode().hex()}{number}", lines))
        found = wire.answer()[0]
        assert found == status, number
        wire.socket.close()


def test_a_body_is_not_the_next_request(wire: Wire) -> None:
    inner = lookup("smuggled")
    for framing in (f"Content-Length: {len(inner)}\r\n", "Transfer-Encoding: chunked\r\n"):
        body = inner if "Length" in framing else f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"
        wire.send(f"GET {LOOKUP}%20%23outer HTTP/1.1\r\n{LINES}{framing}\r\n{body}")
        assert wire.true()
        wire.send(f"GET /health HTTP/1.1\r\n{LINES}\r\n")
        assert b"snapshot" in wire.answer()[2]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (f"get {LOOKUP} HTTP/1.1", 400),
        (f"GET {LOOKUP} HTTP/1.7", 400),
        (f"GET {LOOKUP} HTTP/1.1 ", 400),
        (f"GET {LOOKUP} x HTTP/1.1", 400),
        (f"GET {LOOKUP}\x01 HTTP/1.1", 400),
        (f"GET http://x{LOOKUP} HTTP/1.1", 200),
        (f"GET {LOOKUP}&format=none HTTP/1.1", 200),
        (f"GET {LOOKUP}&query=ASK%7B%7D HTTP/1.1", 400),
        (f"GET {LOOKUP}#fragment HTTP/1.1", 200),
        ("GET /sparql?query=%ff HTTP/1.1", 400),
        ("GET /sparql?query=ASK%7B%7D%2 HTTP/1.1", 400),
        ("GET /sparql?query=ASK+%7B%7D HTTP/1.1", 200),
        ("GET /sparql?query= HTTP/1.1", 400),
    ],
)
def test_request_lines(wire: Wire, line: str, status: int) -> None:
    wire.send(lookup("before"))
    assert wire.true()
    wire.send(f"{line}\r\n{LINES}\r\n")
    assert wire.answer()[0] == status


def test_http_1_0_and_close_end_the_connection(endpoint: Served) -> None:
    for line, more in (("HTTP/1.0", ""), ("HTTP/1.1", "Connection: close\r\n")):
        for _ in range(3):
            wire = Wire(endpoint)
            wire.send(f"GET {LOOKUP}%20%23old {line}\r\n{LINES}{more}\r\n")
            assert wire.true()
            assert wire.answer()[0] == 0


def test_who_leaves_frees_the_worker(endpoint: Served) -> None:
    slow = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    for number in range(3):
        wire = Wire(endpoint)
        wire.send(f"GET /sparql?query={quote(slow, safe='')}%23{number} HTTP/1.1\r\n{LINES}\r\n")
        wire.socket.close()
    began = time.monotonic()
    wire = Wire(endpoint)
    wire.send(lookup("after"))
    assert wire.true()
    # the time limit of the fixture is 1.5 s, and three ran
    assert time.monotonic() - began < 1.5


def test_the_date_goes_on(endpoint: Served) -> None:
    wire = Wire(endpoint)
    dates = set()
    until = time.monotonic() + 5
    while len(dates) < 2 and time.monotonic() < until:
        wire.send(lookup("dated"))
        status, headers, _ = wire.answer()
        assert status == 200
        dates.add(headers["date"])
    assert len(dates) == 2


def test_clients_behind_a_proxy_are_told_apart(manifest: Path) -> None:
    slow = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    served = start(manifest, proxies=1, limits={"timeout": 1.0}, pool={"running": 1, "waiting": 1})
    try:
        first = LINES + "X-Forwarded-For: 192.0.2.1\r\n"
        held = [Wire(served) for _ in range(4)]
        for number, wire in enumerate(held):
            query = quote(f"{slow} # {number}", safe="")
            wire.send(f"GET /sparql?query={query} HTTP/1.1\r\n{first}\r\n")
        other = Wire(served)
        for number in range(3):
            other.send(lookup(number, LINES + "X-Forwarded-For: 192.0.2.2, 192.0.2.9\r\n"))
            assert other.true()
        assert sorted(wire.answer()[0] for wire in held) == [429, 429, 504, 504]
        again = Wire(served)
        again.send(lookup("again", first))
        assert again.true()
    finally:
        served.stop()
