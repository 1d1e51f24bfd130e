"""The style sheet and the scripts: few files, read once, addressed by their content."""

from __future__ import annotations

import gzip
from functools import cache

from catchup.server.asgi import Receive, Scope, Send, header, only_options, send_response
from catchup.server.negotiate import encoding
from catchup.server.pages.frame import WEB
from catchup.server.problems import NotThere

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_YEAR = 365 * 24 * 3600


@cache
def _files() -> dict[str, tuple[bytes, bytes, str]]:
    """Return the files by name: no path of a request ever touches the disk."""
    found = {}
    for path in sorted((WEB / "static").rglob("*")):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            name = path.relative_to(WEB / "static").as_posix()
            found[name] = (body, gzip.compress(body, 9), _TYPES[path.suffix])
    return found


class StaticFiles:
    """Answers requests for /static/{name}."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        found = _files().get(scope["path_params"]["name"])
        if found is None:
            raise NotThere("There is no such file.")
        body, zipped, kind = found
        headers = {"Content-Type": kind, "Vary": "Accept-Encoding"}
        # Only an address that names the content may be kept for long.
        fixed = scope["query_string"].startswith(b"v=")
        headers["Cache-Control"] = (
            f"public, max-age={_YEAR}, immutable" if fixed else "public, max-age=60"
        )
        if encoding(header(scope, b"accept-encoding")) and len(zipped) < len(body):
            body, headers["Content-Encoding"] = zipped, "gzip"
        await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")
