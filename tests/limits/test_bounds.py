"""What connections hold and how long they take is bounded over all clients."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.serve import Served, start

BODY = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"


@pytest.fixture(scope="module")
def narrow(manifest: Path) -> Iterator[Served]:
    """Return a server with narrow bounds for connections."""
    served = start(
        manifest,
        limits={"timeout": 2.0},
        client={"connections": 12, "arrival": 0.6, "bodies": 100_000, "body": 80_000},
    )
    yield served
    served.stop()


def connect(served: Served) -> socket.socket:
    """Return a connection."""
    host, port = served.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 10)


def told(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """Return status and problem of the response that ends a connection; 0 when there is none."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return 0, {}
    assert b"content-type: application/problem+json" in head
    return int(head.split(b" ")[1]), json.loads(body)


def test_a_request_that_never_ends_is_ended(narrow: Served) -> None:
    for begun in (
        "GET /sparql?query=ASK",
        "GET /sparql HTTP/1.1\r\nHost: x\r\n",
        BODY + "Content-Length: 50\r\n\r\nASK",
        BODY + "Transfer-Encoding: chunked\r\n\r\n5\r\nASK",
    ):
        with connect(narrow) as connection:
            connection.sendall(begun.encode())
            status, problem = told(connection)
            assert status == 408, begun
            assert "0.6 seconds" in str(problem["detail"]) and problem["remedy"]


def test_a_byte_now_and_then_does_not_help(narrow: Served) -> None:
    with connect(narrow) as connection:
        connection.settimeout(0.1)
        began = time.monotonic()
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe|abort"):
            for byte in (BODY + "X: y\r\n" * 1000).encode():
                connection.sendall(bytes([byte]))
                assert time.monotonic() - began < 8
                try:
                    if not connection.recv(10):
                        raise BrokenPipeError(32, "Broken pipe")
                except TimeoutError:
                    continue


def test_bodies_of_all_clients_together_are_bounded(narrow: Served) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(connect(narrow)) for _ in range(2))
        begun = (BODY + "Content-Length: 70000\r\n\r\n").encode() + b"#" * 60_000
        first.sendall(begun)
        second.sendall(begun)
        answers = sorted([told(first), told(second)], key=lambda told: told[0])
        # one is refused at once; the other, which never ends either, when its time is over
        assert [status for status, _ in answers] == [408, 503]
        assert "Bodies" in str(answers[1][1]["detail"])
    # what they held is free again
    text = "ASK {} #" + "x" * 60_000
    assert [narrow.query(text).status_code for _ in range(3)] == [200, 200, 200]


def test_one_client_gets_half_of_the_connections(narrow: Served) -> None:
    assert narrow.query("ASK {}").status_code == 200
    with ExitStack() as stack:
        kept = [stack.enter_context(connect(narrow)) for _ in range(5)]
        refused = stack.enter_context(connect(narrow))
        status, problem = told(refused)
        assert status == 503 and "6 of yours" in str(problem["detail"])
        assert narrow.query("ASK {}").status_code == 200
        kept[0].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert kept[0].recv(100).startswith(b"HTTP/1.1 200")
    with connect(narrow) as again:
        again.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert again.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 33_000 + b"\r\n\r\n", 431),
        (b"GET /?" + b"a" * 132_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 2000 + b"\r\n", 431),
    ],
    ids=["tls", "header", "long header", "long target", "many headers"],
)
def test_what_is_no_request_is_told_so(narrow: Served, sent: bytes, status: int) -> None:
    with connect(narrow) as connection:
        connection.sendall(sent)
        found, problem = told(connection)
        assert (found, problem["status"]) == (status, status)


def test_costly_headers_cost_nothing_to_others(narrow: Served) -> None:
    """Each was looked at once for every representation that there is."""
    for name in ("Accept", "Accept-Encoding", "Accept-Language", "If-None-Match", "Cookie"):
        value = {"Cookie": "a=b;", "If-None-Match": '"a",'}.get(name, "a/b;q=0.1,")
        began = time.perf_counter()
        many = value * (30_000 // len(value))
        narrow.get("/sparql", params={"query": "ASK {}"}, headers={name: many})
        assert time.perf_counter() - began < 0.3, name


def test_the_bounds_are_shown(narrow: Served) -> None:
    for page in (narrow.get("/docs").text, narrow.get("/.well-known/void.ttl").text):
        for words in ("time a request may take to arrive: 0.6 s", "clients together: 100,000 bytes",
                      "of one client half as many: 12", "length of a request"):  # fmt: skip
            assert words in page.replace("&#x27;", "'")
