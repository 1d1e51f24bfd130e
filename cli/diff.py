"""`catchup diff`: what changed between two versions of the ontology or of the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from catchup.cli.output import dump, out
from catchup.kg.difference import (
    GraphDifference,
    OntologyDifference,
    graph_difference,
    ontology_at,
    ontology_difference,
    quads_at,
)

#: Files of quads are states of the graph; Turtle files and folders are versions of the ontology.
GRAPH_ENDINGS = {".nq", ".trig", ".nt"}


def diff(
    before: Annotated[Path, typer.Argument(help="The earlier file or folder.", exists=True)],
    after: Annotated[Path, typer.Argument(help="The later file or folder.", exists=True)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report the difference of two ontologies (terms, axioms, texts) or two graphs (claims).

    Example: `catchup diff ../release-0.1.0/ontology ontology`
    """
    found: GraphDifference | OntologyDifference
    if {before.suffix, after.suffix} & GRAPH_ENDINGS:
        found = graph_difference(quads_at(before), quads_at(after))
    else:
        found = ontology_difference(ontology_at(before), ontology_at(after))
    if json:
        dump(found.as_dict())
    elif isinstance(found, GraphDifference):
        _show("claims", found.claims_added, found.claims_removed)
        _lines("~", "yellow", found.claims_changed)
        out.print(
            f"{found.statements_added} statement(s) added, {found.statements_removed} removed"
        )
    else:
        _show("terms", found.terms_added, found.terms_removed)
        _lines("deprecated", "yellow", found.terms_deprecated)
        _show("axioms", found.axioms_added, found.axioms_removed)
        for text in found.texts:
            out.print(Text(f"  {text.term} {text.property}"))
            _lines("  -", "red", [t for t in text.before if t not in text.after])
            _lines("  +", "green", [t for t in text.after if t not in text.before])
        out.print(f"part of the version number to raise: {found.part}")


def _show(what: str, added: list[str], removed: list[str]) -> None:
    if added or removed:
        out.print(f"{what}: {len(added)} added, {len(removed)} removed")
    _lines("-", "red", removed)
    _lines("+", "green", added)


def _lines(mark: str, style: str, lines: list[str]) -> None:
    for line in lines:
        out.print(Text(f"  {mark} ", style=style) + Text(line), soft_wrap=True)
