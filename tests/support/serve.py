"""A server in a process of its own, started for tests: `serve.py CONFIG_JSON`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from catchup.kg.engine.limits import Limits
from catchup.kg.engine.share import PoolLimits
from catchup.server.config import ClientLimits, ServerConfig
from catchup.server.run import run


@dataclass
class Served:
    """A running server and a client that keeps its connection."""

    url: str
    process: subprocess.Popen[str]
    client: httpx.Client

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        """Send a GET request."""
        return self.client.get(self.url + path, **kwargs)

    def query(self, text: str, accept: str = "", **kwargs: Any) -> httpx.Response:
        """Send a query by POST."""
        headers = {"Content-Type": "application/sparql-query", **kwargs.pop("headers", {})}
        if accept:
            headers["Accept"] = accept
        return self.client.post(
            self.url + "/sparql", content=text.encode(), headers=headers, **kwargs
        )

    def stop(self) -> None:
        """Stop the server as Ctrl-C would."""
        self.client.close()
        self.process.send_signal(2)
        self.process.wait(10)


def begin(manifest: Path, **settings: Any) -> subprocess.Popen[str]:
    """Begin to start a server and return its process."""
    arguments = json.dumps({"manifest": str(manifest), **settings})
    return subprocess.Popen(
        [sys.executable, __file__, arguments], stdout=subprocess.PIPE, text=True
    )


def start(manifest: Path, **settings: Any) -> Served:
    """Start a server; returns when it answers. `settings` has limits, pool, client as mappings."""
    process = begin(manifest, **settings)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ready "), line
    client = httpx.Client(trust_env=False, timeout=60)
    return Served(line.split()[1], process, client)


def main() -> None:
    """Serve until interrupted."""
    settings = json.loads(sys.argv[1])
    for name in ("home", "sources", "tokens"):
        if name in settings:
            settings[name] = Path(settings[name])
    config = ServerConfig(
        Path(settings.pop("manifest")),
        port=0,
        limits=Limits(**settings.pop("limits", {})),
        pool=PoolLimits(**settings.pop("pool", {})),
        client=ClientLimits(**settings.pop("client", {})),
        **settings,
    )
    run(config, started=lambda c: print("ready", c.url, flush=True))


if __name__ == "__main__":
    main()
