"""`catchup query`: ask the graph from the command line."""

from __future__ import annotations

import json
import sqlite3
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import err, table
from catchup.kg import names, settings
from catchup.kg.catalogue import catalogue, declared, question
from catchup.kg.engine.formats import FORMATS
from catchup.kg.engine.model import Answer, Request, Term
from catchup.kg.engine.sync import Engine
from catchup.kg.errors import CannotRun
from catchup.kg.parameters import bind
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import NAME


class Format(StrEnum):
    """Formats of an answer."""

    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    xml = "xml"
    turtle = "turtle"
    ntriples = "ntriples"
    jsonld = "jsonld"
    rdfxml = "rdfxml"


def complete(incomplete: str) -> list[tuple[str, str]]:
    """Return names of the catalogue for the shell's completion."""
    found = catalogue().values()
    return [(q.name, q.question) for q in found if q.name.startswith(incomplete)]


def query(
    name: Annotated[
        str | None,
        typer.Argument(help="Name in the catalogue, or a file.", autocompletion=complete),
    ] = None,
    text: Annotated[str | None, typer.Option("-e", "--execute", help="The query itself.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", help="A parameter, NAME=VALUE.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Format.")] = Format.table,
    home: Home = None,
) -> None:
    """Run a saved question, a file or a text. Our prefixes need no declaration.

    Example: `catchup query released-units --param firm=huawei`
    """
    folder = home_or_default(home)
    manifest = build(folder).manifest
    asked = request(name, text, param or [], format, open_index(folder / manifest.index))
    with Engine(folder / NAME) as engine:
        answer = engine.query(federated(asked, engine))
    if answer.truncated:
        err.print(f"The answer was cut at the limit of {answer.truncated}.", style="yellow")
    if format is Format.table and answer.format == "json":
        show(answer)
    else:
        sys.stdout.buffer.write(answer.body)
        if not answer.body.endswith(b"\n"):
            sys.stdout.buffer.write(b"\n")


def federated(asked: Request, engine: Engine) -> Request:
    """Return the request with its SERVICE clauses answered by the endpoints of CATCHUP_SERVICES."""
    allowed = settings.value("services")
    if not allowed or "service" not in asked.query.lower():
        return asked
    from catchup.kg.engine.federation import Federation, read_services, run

    def ask(bindings: Request) -> list[Any]:
        return list(json.loads(engine.query(bindings).body)["results"]["bindings"])

    federation = Federation(read_services(allowed))
    try:
        return run(federation, asked, ask)
    finally:
        federation.close()


def request(
    name: str | None,
    text: str | None,
    given: list[str],
    format: Format,
    index: sqlite3.Connection,
) -> Request:
    """Return what to ask of the engine. Raises NotFound or InputError for what cannot be asked."""
    wanted = format.value
    results = wanted if wanted in FORMATS and FORMATS[wanted].family == "results" else "json"
    rdf = wanted if wanted in FORMATS and FORMATS[wanted].family == "rdf" else "turtle"
    bound: dict[str, Term] = {}
    if text is None and name is None:
        raise CannotRun("There is nothing to run.", remedy="Give a name, a file, or -e TEXT.")
    if text is None and name is not None:
        if name == "-":
            text = sys.stdin.read()
        elif Path(name).is_file():
            text = Path(name).read_text(encoding="utf-8")
        elif Path(name).suffix in (".rq", ".sparql"):
            raise CannotRun(f"There is no file {name}.", remedy="Mind the path.")
        else:
            asked = question(name)
            text, bound, given = asked.text, bind(asked, pairs(given), index), []
    if given:
        raise CannotRun("--param goes with a question of the catalogue.", remedy="Leave it out.")
    return Request(declared(text or ""), results=results, rdf=rdf, substitutions=bound)


def pairs(given: list[str]) -> dict[str, str]:
    """Return NAME=VALUE texts as a dictionary. Raises CannotRun for a text without '='."""
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            raise CannotRun(f"'{one}' is no parameter.", remedy="Write NAME=VALUE.")
        found[key] = value
    return found


def show(answer: Answer) -> None:
    """Print a SPARQL JSON result as a table, IRIs as prefixed names."""
    content = json.loads(answer.body)
    if "boolean" in content:
        print("true" if content["boolean"] else "false")
        return
    columns = content["head"]["vars"]
    rows = []
    for binding in content["results"]["bindings"]:
        cells = (binding.get(c) for c in columns)
        rows.append([_shown(cell) if cell else "" for cell in cells])
    table("", columns, rows)
    print(f"{len(rows)} row(s)")


def _shown(cell: Term) -> str:
    return names.compact(cell["value"]) if cell["type"] == "uri" else cell["value"]
