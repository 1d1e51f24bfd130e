"""Running the server: bind, load, serve, and leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable
from dataclasses import replace

import uvicorn
import uvloop

from catchup.kg.errors import CannotRun
from catchup.server import cases
from catchup.server.app import create_app, front
from catchup.server.bounds import Bounds
from catchup.server.config import ServerConfig
from catchup.server.connection import protocol
from catchup.server.fast import FastPath
from catchup.server.pages.warm import keep_warm
from catchup.server.services import Services


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises CannotRun, in one sentence, when it cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named, accepted sockets get TCP_NODELAY: without, 44 ms an answer.
        sock = socket.socket(family, kind, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(2048)
        sock.set_inheritable(False)
    except socket.gaierror:
        raise CannotRun(
            f"The address {host} is not known.", remedy="Give another --host."
        ) from None
    except OSError as error:
        why = "is in use" if error.errno == 98 else f"cannot be used: {error.strerror}"
        raise CannotRun(
            f"Port {port} on {host} {why}.", remedy="Stop what uses it, or give another --port."
        ) from None
    return sock


def run(config: ServerConfig, started: Callable[[ServerConfig], None] | None = None) -> None:
    """Serve until interrupted. Raises CannotRun (port in use, no snapshot).

    `started` is called once when queries can be answered, to tell the user where.
    """
    with bind(config.host, config.port) as sock, contextlib.suppress(KeyboardInterrupt):
        # port 0 asks the system for a free one
        config = replace(config, port=sock.getsockname()[1])
        uvloop.run(_serve(config, sock, started))


async def _serve(
    config: ServerConfig, sock: socket.socket, started: Callable[[ServerConfig], None] | None
) -> None:
    services = Services(config)
    try:
        if not config.store:
            # cases that were kept and, after a crash or a build, are not in the snapshot
            await asyncio.to_thread(cases.reconcile, services)
        await services.start()
        app = create_app(config, services)
        server = uvicorn.Server(
            uvicorn.Config(
                front(app),
                http=protocol(
                    FastPath(services),
                    services.hot,
                    services.wishes,
                    Bounds(config.client, config.proxies),
                ),
                lifespan="off",
                access_log=False,
                log_level="warning",
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=2,
            )
        )
        # What is loaded by now stays: no collection need walk it. Requests make few cycles, and
        # with the usual threshold collections took a fifth of the time of a small query.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        if started:
            started(config)
        warming = asyncio.create_task(keep_warm(app, services)) if config.warm else None
        # uvicorn sets its own handlers, and at its end raises the signal again for those before:
        # ignored there, closing the store is not interrupted.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        await server.serve(sockets=[sock])
        if warming:
            warming.cancel()
    finally:
        await services.close()
