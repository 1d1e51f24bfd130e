"""The outermost layer: headers that every response has, CORS, HEAD, and the way to /sparql."""

from __future__ import annotations

from catchup.server.asgi import REQUESTED, Message, Receive, Scope, Send, header, send_response
from catchup.server.html import STYLE_HASH
from catchup.server.services import Services
from catchup.server.sparql import SparqlEndpoint

Headers = list[tuple[bytes, bytes]]

# No CDN, no inline script; images may be data: since charts are exported that way.
CSP = (
    f"default-src 'self'; style-src 'self' '{STYLE_HASH}'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: Data are no page: where a browser shows them nonetheless, nothing in them runs or is fetched.
_DATA_CSP = b"default-src 'none'; frame-ancestors 'none'"
_EXPOSED = (
    "Link, ETag, Location, Retry-After, Server-Timing, Catchup-Truncated, Content-Disposition,"
    " Allow, Accept-Query"
)
_REQUEST_HEADERS = "Accept, Accept-Language, Content-Type, If-None-Match, Cache-Control"
_SAFE: Headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
]
# What these change stays behind the same origin; reading them is for everybody.
_WRITES = ("/cases", "/mcp")
_POSTED = ("/sparql", "/reconcile", "/cases/validate")


class Front:
    """Wraps the application. CORS never covers a route that changes anything."""

    def __init__(self, app: object, services: Services) -> None:
        self._app = app
        self._services = services
        self._sparql = SparqlEndpoint(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # type: ignore[operator]
            return
        REQUESTED.set(scope)
        path, method = scope["path"], scope["method"]
        reads = method in ("GET", "HEAD", "QUERY") or path.startswith(_POSTED)
        asked = header(scope, b"access-control-request-method").upper()
        if method == "OPTIONS" and asked and header(scope, b"origin"):
            await self._preflight(path, asked, send)
            return

        started: list[Message] = []
        snapshot = self._services.store.snapshot

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                cors = reads or method == "OPTIONS"
                message["headers"] = completed(message.get("headers", []), cors=cors)
                started.append(message)
                self._services.metrics.request(route_of(path), message["status"])
            elif started and not message.get("more_body"):
                self._keep(scope, started.pop(), message["body"], snapshot)
            await send(message)

        if path == "/sparql":
            # FastAPI's routing alone limits to about 2,200 requests a second (measured).
            await self._sparql(scope, receive, send_on)
        else:
            await self._app(scope, receive, send_on)  # type: ignore[operator]

    def _keep(self, scope: Scope, start: Message, body: bytes, snapshot: str) -> None:
        """Keep the response to a query that will be the same when asked again."""
        headers = dict(start["headers"])
        page = headers.get(b"content-type", b"").startswith(
            b"text/html"
        )  # in the reader's language
        if scope["path"] != "/sparql" or page or snapshot != self._services.store.snapshot:
            return
        if (
            start["status"] == 200
            and b"etag" in headers
            and headers[b"content-length"] == (str(len(body)).encode())
        ):
            self._services.hot.put(scope, start["headers"], body)

    async def _preflight(self, path: str, asked: str, send: Send) -> None:
        """Answer a CORS preflight (Fetch, 4.8): leave for what reads, none for what writes."""
        allowed = "GET, HEAD, OPTIONS"
        if path.startswith(_POSTED):
            allowed = "GET, HEAD, POST, QUERY, OPTIONS"
        headers = {"Vary": "Origin, Access-Control-Request-Method", "Allow": allowed}
        if asked in allowed.split(", ") and not (path.startswith(_WRITES) and asked == "QUERY"):
            headers |= {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": _REQUEST_HEADERS,
                "Access-Control-Max-Age": "86400",
            }
        await send_response(send, 204, headers)


def completed(headers: Headers, *, cors: bool) -> Headers:
    """Return the headers of a response with those that every response has."""
    present = dict(headers)
    found = [*headers, *_SAFE]
    if cors:
        found += _CORS
    kind = present.get(b"content-type")
    page = kind is not None and kind.startswith(b"text/html")
    # a 304 has no type, and would change the policy of what the browser keeps
    if kind is not None and b"content-security-policy" not in present:
        found.append((b"content-security-policy", CSP.encode() if page else _DATA_CSP))
    if page and b"accept-language" not in present.get(b"vary", b"").lower():
        found.append((b"vary", b"Accept-Language, Cookie"))
    return found


def route_of(path: str) -> str:
    """Return the first part of a path: few enough for a metric's label, and no one's query."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in _ROUTES else "other"


_ROUTES = frozenset(
    [
        "sparql",
        "id",
        "ontology",
        "vocab",
        "shapes",
        "graph",
        "graphs",
        "queries",
        "health",
        "ready",
        "metrics",
        "docs",
        "cases",
        "reconcile",
        "explain",
        "compare",
        "propositions",
        "sources",
        "search",
        "mcp",
        "static",
    ]
)
