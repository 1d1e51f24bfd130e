"""`catchup mcp`: the MCP server on standard input and output."""

from __future__ import annotations

import asyncio
from pathlib import Path

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import Steps
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.manifest import NAME, read_manifest
from catchup.server.config import from_settings
from catchup.server.mcp import Mcp
from catchup.server.services import Services


def mcp(home: Home = None) -> None:
    """Serve agents over MCP on stdio, with the limits of every visitor.

    The snapshot that is there is served as it is, since clients wait only seconds for a server;
    it is built when there is none.

    Example: `catchup mcp` as the command of an MCP client's configuration
    """
    folder = home_or_default(home)
    if read_manifest(folder) is None:
        with Steps() as steps:
            build(folder, steps)
    asyncio.run(_serve(folder))


async def _serve(folder: Path) -> None:
    services = Services(from_settings(folder / NAME, home=folder))
    await services.start()
    try:
        await Mcp(services).stdio()
    finally:
        await services.close()
