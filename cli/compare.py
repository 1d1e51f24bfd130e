"""`catchup compare`: cases side by side on the command line."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import out, table
from catchup.kg.compare.ask import requests, rows, rows_of, told_request
from catchup.kg.compare.dimensions import BY_KEY, USUAL, dimensions
from catchup.kg.compare.formats import as_csv, as_html, as_latex, grid
from catchup.kg.compare.qca import truth_table
from catchup.kg.compare.table import Comparison
from catchup.kg.compare.table import compare as compare_cases
from catchup.kg.compare.told import Told
from catchup.kg.engine.sync import Engine
from catchup.kg.names import CU
from catchup.kg.parameters import resolve
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import NAME


class Format(StrEnum):
    """Formats of a comparison."""

    table = "table"
    csv = "csv"
    html = "html"
    latex = "latex"
    json = "json"


def compare(
    firms: Annotated[
        list[str], typer.Argument(help="Firms: local name, IRI, label or identifier.")
    ],
    dimension: Annotated[
        list[str] | None,
        typer.Option("--dimension", "-d", help=f"What to compare by: {', '.join(BY_KEY)}, or all."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="Format.")] = Format.table,
    transpose: Annotated[bool, typer.Option("--transpose", help="Cases as rows.")] = False,
    hide_equal: Annotated[
        bool, typer.Option("--hide-equal", help="Leave rows out in which all cases agree.")
    ] = False,
    outcome: Annotated[
        str | None,
        typer.Option(help="Print the truth table for this outcome, e.g. outcomes:success."),
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="A condition of it, e.g. channels:hostCountry.")
    ] = None,
    silence_absent: Annotated[
        bool, typer.Option("--silence-absent", help="In it, take what no source says for absent.")
    ] = False,
    lang: Annotated[str, typer.Option(help="Language of labels.")] = "en",
    home: Home = None,
) -> None:
    """Compare firms: what the sources say of each, with the claims behind it.

    An empty cell means that no source says anything; what a source denies is marked `not:`.

    Example: `catchup compare huawei zte lenovo --format csv`
    """
    keys = list(BY_KEY) if dimension == ["all"] else dimension or list(USUAL)
    wanted = dimensions(keys)
    folder = home_or_default(home)
    manifest = build(folder).manifest
    index = open_index(folder / manifest.index)
    cases = list(dict.fromkeys(resolve(f, CU + "Firm", index, "firm") for f in firms))
    with Engine(folder / NAME) as engine:
        told = {case: _told(engine, case) for case in cases}
    made = compare_cases(told, wanted, index, lang, manifest.id)
    if outcome:
        _truth(made, condition or [], outcome, silence_absent, format)
        return
    made.lines = [r for r in made.lines if not r.silent and not (hide_equal and r.equal)]
    if format is Format.json:
        print(json.dumps(made.as_data(), ensure_ascii=False, indent=1))
    elif format is Format.csv:
        sys.stdout.write(as_csv(grid(made, transpose)))
    elif format is Format.latex:
        sys.stdout.write(as_latex(made, transpose))
    elif format is Format.html:
        sys.stdout.write(as_html(made, transpose))
    else:
        head, *lines = grid(made, transpose, claims=False)
        table("", head, lines)
        out.print(f"content {made.hash}")


def _told(engine: Engine, case: str) -> Told:
    told = engine.query(told_request(case)).body
    asked = requests(row["s"].value for row in rows(told))
    return Told(rows_of(told, [(name, engine.query(request).body) for name, request in asked]))


def _truth(
    made: Comparison, conditions: list[str], outcome: str, silence_absent: bool, format: Format
) -> None:
    truth = truth_table(made, conditions, outcome, silence_absent)
    if format is Format.json:
        print(json.dumps(truth.as_data(), ensure_ascii=False, indent=1))
    elif format is Format.csv:
        sys.stdout.write(as_csv(truth.grid()))
    else:
        head, *lines = truth.grid()
        table(f"{outcome} by {len(truth.conditions)} conditions", head, lines)
        if truth.undetermined:
            out.print(f"no source says enough of: {', '.join(truth.undetermined)}")
