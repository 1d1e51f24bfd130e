"""`catchup explain`: why a triple is in the graph."""

from __future__ import annotations

from typing import Annotated

import pyoxigraph as ox
import typer
from rich.text import Text
from rich.tree import Tree

from catchup.cli.options import Home, Json, home_or_default
from catchup.cli.output import dump, out
from catchup.kg.reasoning.evidence import ClaimNote
from catchup.kg.reasoning.explain import Explanation
from catchup.kg.reasoning.explain import explain as explain_triple
from catchup.kg.reasoning.materialise import program_in
from catchup.kg.reasoning.notation import parse_triple
from catchup.kg.snapshot.build import build


def explain(
    subject: Annotated[str, typer.Argument(help="Prefixed name or IRI, e.g. d:huawei.")],
    predicate: Annotated[str, typer.Argument(help="Prefixed name, IRI, or a for the type.")],
    object: Annotated[str, typer.Argument(help="Prefixed name, IRI or literal.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Say why a triple is in the graph: asserted by which claims, or inferred from what.

    Example: `catchup explain d:huawei a cu:ReverseLearningFirm`
    """
    s, p, o = parse_triple(subject, predicate, object)
    folder = home_or_default(home)
    store = ox.Store()
    for part in build(folder).manifest.parts:
        store.bulk_load(path=str(folder / part.file), format=ox.RdfFormat.N_QUADS)
    found = explain_triple(s, p, o, store, program_in(store))
    if json:
        dump(found.as_dict())
    else:
        tree = Tree(Text(found.words, style="bold"))
        _grow(tree, found)
        out.print(tree, soft_wrap=True)


def _grow(tree: Tree, found: Explanation) -> None:
    where = ", ".join(g.rpartition("/")[2] for g in found.graphs)
    tree.add(Text(f"{found.kind} (graph {where})" if where else found.kind, style="dim"))
    for axiom in found.axioms:
        tree.add(Text(f"because {axiom}"))
    for claim in found.claims:
        _claim(tree, claim)
    if found.note:
        tree.add(Text(found.note, style="dim"))
    for premise in found.premises:
        _grow(tree.add(Text(premise.words)), premise)


def _claim(tree: Tree, claim: ClaimNote) -> None:
    node = tree.add(Text(f"{claim.number or claim.iri}: {claim.label}"))
    told = [f"{name}: {', '.join(values)}" for name, values in claim.about.items()]
    node.add(Text("; ".join(told)))
    for e in claim.evidence:
        places = [f"characters {start} to {end}" for start, end in e.segments]
        place = ", ".join(x for x in (e.document, e.part, *places, e.locator) if x)
        node.add(Text(f"{e.kind} ({e.state}): {place}" if e.state else f"{e.kind}: {place}"))
    if claim.based_on:
        node.add(Text(f"based on {', '.join(claim.based_on)}"))
