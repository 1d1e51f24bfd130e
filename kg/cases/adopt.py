"""Adopting an accepted case into the curated set: a rename that is recorded.

A case entered in an installation stands under the installation's own base. Adopted, its nodes get
names under ours; the table of old and new names is written beside the entry, and the case is
withdrawn with a note, so that nothing is there twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.cases.journal import CaseConflict
from catchup.kg.cases.keep import Author, Keeper
from catchup.kg.cases.known import Known
from catchup.kg.cases.terms import load_terms
from catchup.kg.export.entry import entry
from catchup.kg.reading.write import render


@dataclass(frozen=True)
class Adopted:
    """An adopted case: its entry in the authoring format, and the new name of every old one."""

    entry: str
    renames: dict[str, str]


def adopt(keeper: Keeper, case: str, author: Author) -> Adopted:
    """Return the case `case` as a curated entry, and withdraw it.

    Raises NotFound, and CaseConflict when it is not accepted or a new name is taken.
    """
    version = keeper.journal.newest(case)
    if version.state != "accepted":
        raise CaseConflict(
            f"The case '{case}' is {version.state}.", remedy="Only an accepted case is adopted."
        )
    quads = list(ox.parse(keeper.journal.quads(version), format=ox.RdfFormat.N_QUADS))
    minted = keeper.base + "id/"
    subjects = {str(q.subject.value) for q in quads}
    renames = {
        s: names.D + s.removeprefix(minted) for s in sorted(subjects) if s.startswith(minted)
    }
    taken = Known.at(keeper.home).types(renames.values(), but=version.graph)
    if taken:
        raise CaseConflict(
            f"The name '{sorted(taken)[0]}' is taken in the curated set.",
            remedy="Revise the case with another id for that node, then adopt it.",
        )
    graph = names.graph_iri(case)

    def renamed(node: ox.NamedNode | ox.Literal) -> ox.NamedNode | ox.Literal:
        if isinstance(node, ox.NamedNode) and node.value in renames:
            return ox.NamedNode(renames[node.value])
        return node

    moved = [
        ox.Quad(renamed(q.subject), q.predicate, renamed(q.object), ox.NamedNode(graph))  # type: ignore[arg-type]
        for q in quads
    ]
    text = render(entry(moved, case, load_terms().context))
    keeper.withdraw(case, author, note=f"adopted as {graph}")
    return Adopted(text, {old: new for old, new in renames.items() if old != new})
