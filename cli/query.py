"""`catchup query`: ask the graph from the command line."""

from __future__ import annotations

import sqlite3
import sys
from enum import StrEnum
from json import loads
from pathlib import Path
from typing import Annotated, Any

import typer

from catchup.cli.options import Home, Json, home_or_default
from catchup.cli.output import Steps, dump, err, table
from catchup.kg import names, settings
from catchup.kg.catalogue import Parameter, catalogue, declared, question
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


def complete_parameter(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the parameters of the question on the command line for the shell's completion."""
    # while words are completed the question may still stand among the unread arguments
    words = [str(context.params.get("name")), *context.args]
    asked = next((catalogue()[w] for w in words if w in catalogue()), None)
    known = asked.parameters if asked else ()
    return [(p.name + "=", p.description) for p in known if p.name.startswith(incomplete)]


def query(
    name: Annotated[
        str | None,
        typer.Argument(help="Name in the catalogue, or a file.", autocompletion=complete),
    ] = None,
    text: Annotated[str | None, typer.Option("-e", "--execute", help="The query itself.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="A parameter, NAME=VALUE.", autocompletion=complete_parameter),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Format.")] = Format.table,
    listing: Annotated[
        bool, typer.Option("--list", help="List the questions and their parameters.")
    ] = False,
    json: Json = False,
    home: Home = None,
) -> None:
    """Run a saved question, a file or a text. Our prefixes need no declaration.

    Things are given by local name, IRI, label or Wikidata id.

    Example: `catchup query partnerships --param firm=huawei`
    """
    if listing:
        show_list(name or "", json)
        return
    if json:
        format = Format.json
    folder = home_or_default(home)
    with Steps() as steps:
        manifest = build(folder, steps).manifest
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
        return list(loads(engine.query(bindings).body)["results"]["bindings"])

    federation = Federation(read_services(allowed))
    try:
        return run(federation, asked, ask)
    finally:
        federation.close()


def show_list(keyword: str, as_json: bool) -> None:
    """Print the questions, those that mention `keyword` if one is given."""
    found = [
        q
        for q in catalogue().values()
        if keyword.lower() in f"{q.name} {q.question} {' '.join(q.keywords)}".lower()
    ]
    if as_json:
        dump(
            [
                {
                    "name": q.name,
                    "question": q.question,
                    "parameters": [
                        {
                            "name": p.name,
                            "type": names.compact(p.cls or p.datatype),
                            "default": p.default and names.compact(p.default),
                            "description": p.description,
                        }
                        for p in q.parameters
                    ],
                }
                for q in found
            ]
        )
        return
    rows = [
        (q.name, " ".join(p.name + ("" if _free(p) else "*") for p in q.parameters), q.question)
        for q in found
    ]
    table("", ["name", "parameters", "question"], rows)
    print(f"{len(rows)} question(s); a parameter with * is needed")


def _free(parameter: Parameter) -> bool:
    return parameter.optional or parameter.default is not None


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
    content = loads(answer.body)
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
