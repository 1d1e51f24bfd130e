"""Servers on loopback that stand for others: an endpoint with Wikidata's layout, and bad ones."""

from __future__ import annotations

import email.utils
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
from support.loopback import free_port, serving

DATA = Path(__file__).with_name("wikidata.ttl")


@contextmanager
def oxigraph(turtle: str) -> Iterator[str]:
    """Start `oxigraph serve` with the triples of a Turtle text; gives the URL for queries."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("oxigraph")), "serve", "-b", f"127.0.0.1:{port}"]
    with serving(command, "istening", 10):
        url = f"http://127.0.0.1:{port}"
        put = httpx.post(
            f"{url}/store?default",
            content=turtle.encode(),
            headers={"Content-Type": "text/turtle"},
            trust_env=False,
        )
        put.raise_for_status()
        yield f"{url}/query"


class _Bad(BaseHTTPRequestHandler):
    """Answers by path: each a way in which a service can fail its client."""

    asked: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    stop: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        self.asked.append((self.path, dict(self.headers.items()), body))
        mode = self.path.split("?")[0].strip("/").split("/")[0]
        json = {"Content-Type": "application/json"}
        if mode == "slow":
            self._send(200, {**json, "Content-Length": "100"}, b"{")
            self.stop.wait(30)
        elif mode == "html":
            self._send(200, {"Content-Type": "text/html"}, b"<h1>Please log in</h1>")
        elif mode == "half":
            self._send(200, {**json, "Content-Length": "100"}, b'{"results": {"bind')
        elif mode == "cut":
            self._send(200, json, b'{"results": {"bind')
        elif mode == "other":
            self._send(200, json, b'{"hello": "world"}')
        elif mode == "busy":
            self._send(429, {"Retry-After": "0"}, b"")
        elif mode == "weeks":
            self._send(429, {"Retry-After": "999999"}, b"")
        elif mode == "dated":
            moment = email.utils.formatdate(time.time() + 999_999, usegmt=True)
            self._send(429, {"Retry-After": moment}, b"")
        elif mode == "moved":
            self._send(307, {"Location": "/received"}, b"")
        elif mode == "received":
            known = b"query=" in body and b"VALUES" in body
            self._send(200 if known else 400, json, b'{"results": {"bindings": []}}')
        elif mode == "inward":
            self._send(302, {"Location": "http://169.254.169.254/latest/"}, b"")
        elif mode == "round":
            self._send(302, {"Location": self.path}, b"")
        elif mode == "long":
            self._send(200, json, b"[" + b"1," * 5_000_000 + b"1]")
        else:
            self._send(500, {}, b"")

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def bad_server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """Start a server that misbehaves by path; gives its URL and the requests it saw."""
    _Bad.asked.clear()
    _Bad.stop.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bad)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", _Bad.asked
    finally:
        _Bad.stop.set()
        server.shutdown()
        server.server_close()
