"""What the server is told: where it listens, what it serves, what it allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catchup.kg.engine.limits import Limits
from catchup.kg.engine.share import PoolLimits
from catchup.kg.names import BASE
from catchup.kg.settings import home, number, value


@dataclass(frozen=True)
class ClientLimits:
    """What one client may use over time, and what the server holds for all."""

    # Three queries at once for a whole minute, so that concurrency alone holds a single client
    # back; one address may stand for many people, or for a benchmark. WDQS grants 60 s.
    seconds: float = field(
        default=180.0, metadata={"unit": "s", "help": "engine time a minute of one client"}
    )
    body: int = field(
        default=1024 * 1024, metadata={"unit": "bytes", "help": "length of a request's body"}
    )
    cache: int = field(
        default=64 * 1024 * 1024, metadata={"unit": "bytes", "help": "answers kept for reuse"}
    )
    # A client that takes nothing for this long loses its answer, so that it cannot be held for it.
    stalled: float = field(
        default=30.0, metadata={"unit": "s", "help": "time a client may take nothing"}
    )
    # A query of 64 kB in a URL may be longer by its escapes.
    head: int = field(
        default=128 * 1024,
        metadata={"unit": "bytes", "help": "length of a request's line and headers"},
    )
    # Those of browsers take 1 to 4 kB; servers in front pass 8 to 32 kB.
    headers: int = field(
        default=32 * 1024, metadata={"unit": "bytes", "help": "length of a request's headers"}
    )
    # A body of 1 MB from 35 kB a second on.
    arrival: float = field(
        default=30.0, metadata={"unit": "s", "help": "time a request may take to arrive"}
    )
    bodies: int = field(
        default=64 * 1024 * 1024,
        metadata={"unit": "bytes", "help": "bodies of requests held for all clients together"},
    )
    # Each costs some 20 kB at rest.
    connections: int = field(
        default=1000, metadata={"unit": "", "help": "connections, of one client half as many"}
    )


@dataclass(frozen=True)
class ServerConfig:
    """The configuration of one server. IRIs in what it says of itself come from here alone."""

    manifest: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    base: str = BASE
    store: str = ""
    #: endpoints that SERVICE may name: IRI, or IRI=URL, divided by blanks
    services: str = ""
    home: Path | None = None
    sources: Path | None = None
    tokens: Path | None = None
    limits: Limits = field(default_factory=Limits)
    pool: PoolLimits = field(default_factory=PoolLimits)
    client: ClientLimits = field(default_factory=ClientLimits)
    #: how many proxies in front are ours; X-Forwarded-For is not read when there are none
    proxies: int = 0
    #: seconds between two looks at the manifest (a look takes 5 us); 0 looks never
    watch: float = 0.25
    #: whether pages that many will ask for are made before they do
    warm: bool = False
    slow_query: float = 1.0
    #: what /health says of the code that runs
    commit: str = ""

    @property
    def url(self) -> str:
        """The absolute URL of this server, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def from_settings(manifest: Path, **given: Any) -> ServerConfig:
    """Return the configuration that the settings describe; `given` fields come before them.

    Raises CannotRun when a setting that should be a number is none.
    """
    mib = 1024 * 1024
    limits = Limits(
        timeout=number("timeout"),
        cpu=int(number("timeout") * 1.25) + 1,
        memory=int(number("memory") * mib),
        rows=int(number("rows")),
        bytes=int(number("bytes") * mib),
        length=int(number("query_length") * 1024),
        nesting=int(number("nesting")),
        patterns=int(number("patterns")),
        steps=int(number("steps")),
    )
    pool = PoolLimits(
        workers=int(number("workers")),
        slow=int(number("slow_workers")),
        slow_after=number("slow_after"),
        running=int(number("client_queries")),
        waiting=int(number("client_waiting")),
        queue=number("queue"),
        held=int(number("held") * mib),
    )
    client = ClientLimits(
        seconds=number("client_seconds"),
        body=int(number("body") * mib),
        cache=int(number("cache") * mib),
        stalled=number("stalled"),
        arrival=number("arrival"),
        connections=int(number("connections")),
    )
    found: dict[str, Any] = {
        "host": value("host"),
        "port": int(number("port")),
        "public_url": value("public_url"),
        "base": value("base"),
        "store": value("store"),
        "services": value("services"),
        "home": home(),
        "sources": Path(value("sources")) if value("sources") else None,
        "tokens": Path(value("tokens")) if value("tokens") else None,
        "limits": limits,
        "pool": pool,
        "client": client,
        "proxies": int(number("proxies")),
    }
    return ServerConfig(manifest, **(found | given))
