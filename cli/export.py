"""`catchup export`: the whole graph, or one named graph, as a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import Steps
from catchup.kg import names
from catchup.kg.errors import CannotRun, NotFound
from catchup.kg.export import entry as entries
from catchup.kg.export import rdf
from catchup.kg.reading.files import load_context
from catchup.kg.reading.write import render
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.manifest import write_durably
from catchup.kg.snapshot.parts import read_part


class Format(StrEnum):
    """Formats of an export."""

    trig = "trig"
    nquads = "nquads"
    jsonld = "jsonld"
    yaml = "yaml"
    xlsx = "xlsx"
    rdf12 = "rdf12"
    nanopub = "nanopub"


def export(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")] = None,
    format: Annotated[Format, typer.Option("--format", help="Format.")] = Format.trig,
    graph: Annotated[str, typer.Option("--graph", help="Name of one graph, e.g. fu2018.")] = "",
    home: Home = None,
) -> None:
    """Export the graph; to standard output without -o.

    Example: `catchup export --format yaml --graph fu2018 -o fu2018.yaml`
    """
    folder = home_or_default(home)
    with Steps() as steps:
        manifest = build(folder, steps).manifest
    wanted = names.expand(graph) if ":" in graph else names.graph_iri(graph)
    parts = [p for p in manifest.parts if not graph or p.graph == wanted]
    if not parts:
        known = ", ".join(sorted(i.removeprefix(names.G) for i in manifest.graphs()))
        raise NotFound(f"There is no graph '{graph}'.", remedy=f"The graphs are {known}.")
    content = exported([q for p in parts for q in read_part(folder, p)], format, graph)
    if output:
        write_durably(output, content)
    elif format is Format.xlsx:
        raise CannotRun(
            "A spreadsheet is not written to a terminal.", remedy="Name a file with -o."
        )
    else:
        sys.stdout.buffer.write(content)


def exported(quads: Iterable[ox.Quad], format: Format, graph: str) -> bytes:
    """Return `quads` in `format`. Raises CannotRun for formats that need one named graph."""
    if format is Format.rdf12:
        return rdf.rdf12(quads)
    if format is Format.nanopub:
        return rdf.nanopublications(quads)
    if format in (Format.yaml, Format.xlsx):
        if not graph:
            raise CannotRun(f"{format.upper()} holds one graph.", remedy="Name it with --graph.")
        content = entries.entry(quads, graph.removeprefix(names.G), load_context())
        if format is Format.yaml:
            return render(content).encode()
        from catchup.kg.reading.sheet import write_workbook

        return write_workbook(content)
    return rdf.serialise(quads, format.value)
