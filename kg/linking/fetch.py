"""Asking other services over HTTP: politely, within limits, and never an address that is private.

What answers badly (slowly, with a page, half a body, 429 for ever, a redirect inwards) ends in one
clear error. Politeness is the Wikimedia User-Agent policy and RFC 9110, 10.2.3 (Retry-After).
"""

from __future__ import annotations

import email.utils
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode, urljoin, urlsplit

import httpcore

from catchup.kg.errors import CannotRun

AGENT = "Catchup/0.1 (https://w3id.org/catchup/) httpcore"
#: Seconds for one whole answer: Wikidata's own limit for a query is 60.
TIMEOUT = 60.0
#: Bytes of one answer: the facts of 50 items take some 300 kB.
BYTES = 8 * 1024 * 1024
#: Times that a busy service is asked, and seconds that are waited for it in all.
ATTEMPTS = 5
PATIENCE = 300.0
#: Redirects followed; each is checked as the first address was.
REDIRECTS = 1
_MOVED = (301, 302, 303, 307, 308)
_BUSY = (429, 502, 503, 504)

Tell = Callable[[str], None]


class RemoteFailed(CannotRun):
    """Another service did not answer as it should."""

    title = "Another service did not answer as it should"
    kind: ClassVar[str] = "remote"
    status: int = 502


class _Refused(OSError):
    """An address that is not asked."""


class _Guarded(httpcore.NetworkBackend):
    """Connects to the address that was checked: resolving again might give another."""

    def __init__(self, trusted: str) -> None:
        self._inner = httpcore.SyncBackend()
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a public address of `host`, or to the host that the operator named."""
        target = host
        if host != self._trusted:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(info[4][0]) for info in found]
            if any(not public(a) for a in addresses):
                raise _Refused(f"{host} is a private address")
            target = addresses[0]
        return self._inner.connect_tcp(target, port, timeout, local_address, socket_options)


def public(address: str) -> bool:
    """Return whether an IP address is one of the open internet."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return public(str(parsed.ipv4_mapped))
    return parsed.is_global and not parsed.is_multicast


class Fetcher:
    """Asks one service. `url` comes from the operator; `tell` hears of waits."""

    def __init__(
        self,
        url: str,
        *,
        agent: str = AGENT,
        timeout: float = TIMEOUT,
        size: int = BYTES,
        tell: Tell = lambda text: None,
    ) -> None:
        """Raises CannotRun when `url` is no http(s) URL, or http to a host that is not local."""
        self.url = url
        self._agent = agent
        self._timeout = timeout
        self._size = size
        self._tell = tell
        host = urlsplit(url).hostname or ""
        self._trusted = host if _literal(host) else ""
        self._allow(url)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=_Guarded(self._trusted),
            keepalive_expiry=10,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def get(self, url: str = "", query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at `url` (relative to the service's). Raises RemoteFailed."""
        target = urljoin(self.url, url) if url else self.url
        if query:
            target += ("&" if "?" in target else "?") + urlencode(query)
        return self._json("GET", target, b"", "application/json")

    def post(
        self,
        body: Mapping[str, str] | Any,
        accept: str = "application/json",
        url: str = "",
        form: bool = True,
    ) -> Any:
        """Return the JSON answer to a form, or to JSON if not `form`. Raises RemoteFailed."""
        target = urljoin(self.url, url) if url else self.url
        content = urlencode(body).encode() if form else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        return self._json("POST", target, content, accept, kind)

    def _json(self, method: str, url: str, content: bytes, accept: str, kind: str = "") -> Any:
        headers = {"User-Agent": self._agent, "Accept": accept, "Accept-Encoding": "identity"}
        if kind:
            headers["Content-Type"] = kind
        media, body = self._ask(method, url, headers, content)
        if "json" not in media:
            raise self._failed(f"sent {media or 'an answer of no type'} where JSON was asked for")
        try:
            return json.loads(body)
        except ValueError:
            raise self._failed("sent something that is not whole JSON") from None

    def _ask(
        self, method: str, url: str, headers: dict[str, str], content: bytes
    ) -> tuple[str, bytes]:
        waited = 0.0
        redirects = 0
        attempt = 1
        while True:
            status, answered, body = self._once(method, url, headers, content)
            if status in _MOVED:
                redirects += 1
                if redirects > REDIRECTS:
                    raise self._failed("redirects again and again")
                url = urljoin(url, answered.get("location", ""))
                self._allow(url)
                if status in (301, 302, 303) and method == "POST":
                    method, content = "GET", b""
            elif status in _BUSY:
                pause = _pause(answered.get("retry-after", ""), attempt)
                if attempt == ATTEMPTS or waited + pause > PATIENCE:
                    raise self._failed(
                        f"answered {status} {attempt} times"
                        + (f" and wants {pause:.0f} s of waiting" if pause > PATIENCE else "")
                    )
                self._tell(f"{urlsplit(url).netloc} answered {status}: waiting {pause:.0f} s")
                time.sleep(pause)
                waited += pause
                attempt += 1
            elif status != 200:
                raise self._failed(f"answered with status {status}")
            else:
                return answered.get("content-type", ""), body

    def _once(
        self, method: str, url: str, headers: dict[str, str], content: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        deadline = time.monotonic() + self._timeout
        each = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        body = bytearray()
        try:
            with self._pool.stream(
                method,
                url,
                headers=[*headers.items()],
                content=content,
                extensions={"timeout": each},
            ) as response:
                answered = {
                    k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers
                }
                for piece in response.iter_stream():
                    body += piece
                    if len(body) > self._size:
                        raise self._failed(f"sent more than {self._size:,} bytes")
                    if time.monotonic() > deadline:
                        raise self._slow()
                return response.status, answered, bytes(body)
        except httpcore.TimeoutException:
            raise self._slow() from None
        except (httpcore.RemoteProtocolError, httpcore.ReadError):
            raise self._failed(f"broke off after {len(body):,} bytes") from None
        except _Refused as error:
            raise self._failed(f"leads to a private address: {error}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise self._failed(f"cannot be reached ({type(error).__name__})") from None

    def _allow(self, url: str) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.username:
            raise CannotRun(
                f"'{url[:200]}' is no address of a service.", remedy="Give https://host/path."
            )
        local = host == self._trusted and bool(host)
        if _literal(host) and not local and (host == "localhost" or not public(host)):
            raise self._failed(f"redirects to the private address {host}")
        if parts.scheme == "http" and not local:
            raise CannotRun(
                f"{url[:200]} would be asked without encryption.",
                remedy="Give its https address; http is for services on this machine.",
            )

    def _slow(self) -> RemoteFailed:
        return self._failed(f"took longer than {self._timeout:g} s")

    def _failed(self, what: str) -> RemoteFailed:
        return RemoteFailed(
            f"{self.url} {what}.", remedy="Try again later; what was fetched so far is kept."
        )


def _literal(host: str) -> bool:
    """Return whether a host is an IP address or this machine, not a name to be resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _pause(given: str, attempt: int) -> float:
    """Return the seconds to wait: Retry-After as seconds or as a date, else 1, 2, 4 ..."""
    if given.isdigit():
        return float(given)
    moment = email.utils.parsedate_to_datetime(given) if _date(given) else None
    if moment is not None:
        return max(0.0, moment.timestamp() - time.time())
    return float(2 ** (attempt - 1))


def _date(text: str) -> bool:
    return email.utils.parsedate(text) is not None
