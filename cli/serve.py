"""`catchup serve`: build what is stale, then serve."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from catchup.cli import build as building
from catchup.cli.options import Home, home_or_default
from catchup.cli.output import Steps, out, problems
from catchup.kg import settings
from catchup.kg.engine.limits import MB
from catchup.kg.reading.files import ROOT
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.manifest import NAME
from catchup.server.config import ServerConfig, from_settings
from catchup.server.run import run

EXAMPLE = """curl -H 'Accept: text/csv' {url}/sparql --data-urlencode query='
  PREFIX cu: <https://w3id.org/catchup/ontology/>
  SELECT ?firm ?released ?claim WHERE {{
    ?event a cu:ReleaseActivity ; cu:actor/rdfs:label ?firm ; cu:divested/rdfs:label ?released .
    ?claim cu:asserts ?event }}'"""


def serve(
    host: Annotated[str, typer.Option(help="Address (CATCHUP_HOST).")] = settings.value("host"),
    port: Annotated[int, typer.Option(help="Port (CATCHUP_PORT).")] = int(settings.value("port")),
    timeout: Annotated[
        float | None, typer.Option(help="Seconds a query may take (CATCHUP_TIMEOUT).")
    ] = None,
    memory: Annotated[
        int | None, typer.Option(help="MiB a query may use (CATCHUP_MEMORY).")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Query workers (CATCHUP_WORKERS).")] = None,
    store: Annotated[
        str, typer.Option(help="URL of a SPARQL endpoint to use instead (CATCHUP_STORE).")
    ] = settings.value("store"),
    sources: Annotated[
        Path | None, typer.Option(help="Folder of the source texts (CATCHUP_SOURCES).")
    ] = None,
    home: Home = None,
) -> None:
    """Build what is stale, then serve until Ctrl-C.

    Example: `catchup serve --port 8080 --sources ../shared/sources`
    """
    folder = home_or_default(home)
    with Steps() as steps:
        built = build(folder, steps)
    problems(built.warnings)
    if built.fresh:
        building.show(built)
    given: dict[str, object] = {"host": host, "port": port, "home": folder, "commit": commit()}
    if store:
        given["store"] = store
    if sources:
        given["sources"] = sources
    config = from_settings(folder / NAME, **given)
    limits = config.limits
    if timeout:
        limits = replace(limits, timeout=timeout, cpu=int(timeout * 1.25) + 1)
    if memory:
        limits = replace(limits, memory=memory * MB)
    pool = replace(config.pool, workers=workers) if workers else config.pool
    config = replace(config, limits=limits, pool=pool, warm=True)
    run(config, started)


def started(config: ServerConfig) -> None:
    """Say where the server is and what to ask of it."""
    url = config.url
    out.print(f"\nCatchup serves on {url}\n")
    for path, what in (
        ("/", "pages"),
        ("/sparql", "SPARQL endpoint and editor"),
        ("/docs", "API and limits"),
    ):
        out.print(f"  {url + path:<36} {what}")
    out.print("\nAn example to paste:\n")
    out.print(EXAMPLE.format(url=url), markup=False, soft_wrap=True)
    out.print("\nCtrl-C ends it.")


def commit() -> str:
    """Return the commit of the checkout, or nothing where there is none."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""
