"""What one client takes is bounded: bytes that it does not read, rows that never end, engine time."""

from __future__ import annotations

import csv
import io
import re
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
from support.serve import Served, start

NEXT = "<https://w3id.org/catchup/ontology/next>"
DOUBLED = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(16))


def held(served: Served) -> float:
    """Return how many bytes of answers the server holds."""
    found = re.search(r"^catchup_bytes_held (\S+)$", served.get("/metrics").text, re.MULTILINE)
    assert found
    return float(found[1])


def until(condition: object, seconds: float = 8) -> None:
    """Wait for a condition of the server."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it never became true"


def ask_and_read_nothing(served: Served, query: str) -> socket.socket:
    """Send a query on a connection of its own with a small window."""
    host, port = served.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    target = "/sparql?query=" + quote(query, safe="")
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


def test_clients_that_read_nothing_hold_a_bounded_number_of_bytes(manifest: Path) -> None:
    room = 20_000_000
    large = f"SELECT ('{'y' * 2000}' AS ?y) ?s ?o WHERE {{ ?s {NEXT} ?o }}"
    served = start(
        manifest, pool={"held": room}, client={"seconds": 1e6, "stalled": 3.0, "cache": 0}
    )
    try:
        with ExitStack() as stack:
            for number in range(2):
                query = f"{large} # {number}"
                stack.enter_context(ask_and_read_nothing(served, query))
            until(lambda: held(served) > 16_000_000)
            refused = served.query(large + " # more", headers={"Accept-Encoding": "identity"})
            assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
            assert refused.json()["type"].endswith("/overloaded")
            assert held(served) <= room
            # what is small finds room
            assert served.query("ASK {}").json()["boolean"] is True
            # whoever takes nothing loses its answer
            until(lambda: held(served) == 0)
        assert served.query(large + " # after").status_code == 200
    finally:
        served.stop()


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?s ?y {{ BIND('0123456789' AS ?x0) {DOUBLED} ?s {NEXT} ?o"
        " BIND(CONCAT(?x16, STR(?s)) AS ?y) }",
        f"SELECT ('{'y' * 50_000}' AS ?y) ?s {{ ?s {NEXT} ?o . ?t {NEXT} ?u }}",
        f"SELECT {' '.join(f'(?s AS ?v{i})' for i in range(900))} {{ ?s {NEXT} ?o }}",
    ],
    ids=["joined strings", "a long literal", "many columns"],
)  # fmt: skip
def test_long_rows_are_cut_and_declared(endpoint: Served, query: str) -> None:
    """Whole, these answers are many times what one query may use of memory."""
    response = endpoint.query(query)
    assert response.status_code == 200, response.text
    assert response.headers["catchup-truncated"] == "bytes;limit=1000000"
    assert len(response.content) < 1_000_200
    assert len(response.json()["results"]["bindings"]) >= 1


def first_values(response: httpx.Response, format_: str) -> list[str]:
    """Return the first column of a result; fails where it is not whole."""
    if format_ == "csv":
        csv.field_size_limit(10_000_000)
        return [row[0] for row in csv.reader(io.StringIO(response.text, newline=""))][1:]
    engine = {"json": ox.QueryResultsFormat.JSON, "xml": ox.QueryResultsFormat.XML,
              "tsv": ox.QueryResultsFormat.TSV}[format_]  # fmt: skip
    rows = ox.parse_query_results(response.content, format=engine)
    assert isinstance(rows, ox.QuerySolutions)
    return [row[0].value for row in rows]


def test_engine_time_is_budgeted_and_slow_queries_are_logged(
    manifest: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    served = start(manifest, limits={"timeout": 1.2}, client={"seconds": 0.5})
    try:
        secret = "SELECT (COUNT(*) AS ?secret) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        assert served.query(secret).status_code == 504
        for response in (served.query("ASK {}"), served.get("/sparql", params={"query": "ASK {}"})):
            assert response.status_code == 429
            assert int(response.headers["retry-after"]) >= 60
            problem = response.json()
            assert problem["type"].endswith("/too-many-requests") and problem["remedy"]
        # what costs no engine time is served
        assert served.get("/health").status_code == 200
    finally:
        served.stop()
    logged = capfd.readouterr().err
    assert re.search(r"slow query [0-9a-f]{12}: 1\.\d\d s, time-limit", logged)
    assert "secret" not in logged and "127.0.0.1" not in logged


def test_a_slow_query_ends_in_no_200(endpoint: Served) -> None:
    """Rows came before the limit was met; none of them is sent."""
    query = (
        f"SELECT ?a ?d {{ ?a {NEXT} ?b . ?d ?e ?f . FILTER(STRLEN(MD5(STR(?d))) > 40 || ?a = ?d) }}"
    )
    with httpx.Client(trust_env=False, timeout=30) as client:
        response = client.get(endpoint.url + "/sparql", params={"query": query})
    assert response.status_code == 504
    assert response.json()["type"].endswith("/time-limit")


@pytest.mark.parametrize("accept", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("length", [7_000, 9_000, 40_000, 300_000, 2_000_000])
def test_an_answer_is_never_cut_within_a_row(endpoint: Served, accept: str, length: int) -> None:
    """A row longer than one piece that the engine writes was once sent by half, as if whole."""
    doubled = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(7))
    query = (
        f"SELECT ?y ?s {{ BIND('{'}, {<!' * (length // 768)}' AS ?x0) {doubled} ?s {NEXT} ?o"
        " BIND(CONCAT(?x7, STR(?s)) AS ?y) }"
    )
    response = endpoint.get("/sparql", params={"query": query, "format": accept})
    assert response.status_code == 200
    assert response.headers["catchup-truncated"] == "bytes;limit=1000000"
    assert len(response.content) <= 1_000_200
    values = first_values(response, accept)
    assert all(len(value) > 0.9 * length and "/id/b" in value for value in values)
    # in XML one character of six takes four
    assert len(values) * length * 0.9 < 1_000_000 < (len(values) + 1) * length * 2
