"""Answers given again from memory are the same answers, over any shape of connection."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from support.graphs import graphs, label
from support.serve import Served, start
from support.snapshot import write_snapshot
from test_snapshots import wait_for

from catchup.kg.names import D

QUERY = "/sparql?query=" + quote("SELECT ?p WHERE { <https://w3id.org/catchup/id/huawei> ?p ?o }")


def test_the_second_answer_is_the_first(endpoint: Served) -> None:
    path = QUERY + "%23hot"
    first, second, third = (endpoint.get(path) for _ in range(3))
    assert first.content == second.content == third.content
    hidden = ("server-timing", "date")
    kept = [{k: v for k, v in r.headers.items() if k not in hidden} for r in (first, third)]
    assert kept[0] == kept[1]
    assert "date" in third.headers and third.headers["server-timing"] == 'cache;desc="hit"'
    csv = endpoint.get(path, headers={"Accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert endpoint.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert endpoint.get(path, headers={"Accept": "text/html"}).text.startswith("<!doctype html>")
    assert endpoint.client.head(endpoint.url + path).content == b""


def test_pipelined_requests_are_answered_in_order(endpoint: Served) -> None:
    endpoint.get(QUERY, headers={"Accept": "text/csv"})
    host, port = endpoint.url.removeprefix("http://").split(":")
    requests = [
        f"GET {QUERY} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n",
        f"GET {QUERY}%23new HTTP/1.1\r\nHost: x\r\nAccept: text/tab-separated-values\r\n\r\n",
        f"GET {QUERY} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n",
        "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        "Content-Length: 6\r\n\r\nASK {}",
        f"GET {QUERY} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\nConnection: close\r\n\r\n",
    ]
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall("".join(requests).encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    text = received.decode()
    assert text.count("HTTP/1.1 200 OK") == 5
    types = [line for line in text.splitlines() if line.lower().startswith("content-type")]
    assert ["csv" in t for t in types] == [True, False, True, False, True]
    assert "tab-separated" in types[1] and "json" in types[3]


def test_endless_headers_are_cut_off(endpoint: Served) -> None:
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        try:
            for number in range(1000):
                connection.sendall(b"x-%d: %s\r\n" % (number, b"y" * 1000))
            answer = connection.recv(1000)
        except ConnectionError:
            answer = b" 431 "
    assert b" 431 " in answer
    assert endpoint.get("/health").status_code == 200


def test_a_new_snapshot_is_never_answered_from_memory(tmp_path: Path) -> None:
    manifest = write_snapshot(tmp_path, graphs())
    served = start(manifest, watch=0.05)
    try:
        before = [served.get(QUERY) for _ in range(3)][-1]
        assert before.headers["server-timing"] == 'cache;desc="hit"'
        old = served.get("/health").json()["snapshot"]
        write_snapshot(tmp_path, graphs() | {"case-x": [label(D + "huawei", "Another name")]})
        wait_for(lambda: served.get("/health").json()["snapshot"], old)
        after = served.get(QUERY)
        assert len(after.json()["results"]["bindings"]) == 4
        assert after.headers["etag"] != before.headers["etag"]
    finally:
        served.stop()


def test_a_port_in_use_and_a_clean_end(endpoint: Served, manifest: Path) -> None:
    import json
    import subprocess
    import sys

    from support import serve

    port = int(endpoint.url.rpartition(":")[2])
    script = (
        "import sys; from pathlib import Path; from catchup.server.config import ServerConfig;"
        "from catchup.server.run import run; from catchup.kg.errors import CannotRun\n"
        f"try: run(ServerConfig(Path({json.dumps(str(manifest))}), port={port}))\n"
        "except CannotRun as error: print(error); sys.exit(error.exit_code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 is in use" in done.stdout
    served = serve.start(manifest)
    children = subprocess.run(
        ["pgrep", "-P", str(served.process.pid)], capture_output=True, text=True
    ).stdout.split()
    assert children
    served.query("ASK {}")
    served.stop()
    assert served.process.returncode == 0
    for child in children:
        assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("SELECT ?s WHERE { ?s ?p '\\u534E为 + % & ;'@zh-hans } # %41", "text/csv"),
        ("SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 3000", "application/sparql-results+xml"),
        ("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5", "application/ld+json"),
        ("SELECT (RAND() * 0 AS ?zero) WHERE {}", "application/json"),
        ("SELECT ?s WHERE { ?s ?p", "*/*"),
        ("SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "*/*"),
        ("CLEAR ALL", "*/*"),
    ],
)
def test_the_short_way_answers_as_the_long_one(endpoint: Served, query: str, accept: str) -> None:
    headers = {"Accept": accept, "Accept-Encoding": "identity"}
    path = "/sparql?query=" + quote(query, safe="")
    short = endpoint.get(path, headers=headers)
    # a header that could mean anything is read by the application
    long = endpoint.get(path, headers=headers | {"X-Other": "1"})
    assert short.status_code == long.status_code and short.content == long.content
    hidden = ("server-timing", "date")
    shown = [{k: v for k, v in r.headers.items() if k not in hidden} for r in (short, long)]
    assert shown[0] == shown[1]


def test_what_stands_behind_a_worker_that_dies_is_answered(endpoint: Served) -> None:
    cross = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
    killer = f"SELECT (GROUP_CONCAT(?c) AS ?x) (COUNT(DISTINCT *) AS ?n) WHERE {{ {cross} }}"

    def ask(number: int) -> int:
        query = f"{killer} # {number}" if number % 10 == 0 else f"ASK {{ ?s{number} ?p ?o }}"
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.get(endpoint.url + "/sparql", params={"query": query}).status_code

    # below the number that one client may have waiting
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(ask, range(30)))
    assert all(s in (503, 504) for s in statuses[::10])
    assert [s for n, s in enumerate(statuses) if n % 10] == [200] * 27
