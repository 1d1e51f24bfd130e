"""A quick look at entries: syntax, keys, undeclared terms and dangling references."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from rapidfuzz import process

from catchup.kg import names
from catchup.kg.errors import CatchupError, Problem
from catchup.kg.reading.entry import Loaded, read_entry
from catchup.kg.reading.files import (
    entry_files,
    load_context,
    ontology_files,
    parse_turtle,
    vocabulary_files,
)
from catchup.kg.terms import value as text

OURS = (names.CU, names.CUV, names.D)


def dangling(loaded: Iterable[Loaded], declared: set[str]) -> list[Problem]:
    """Return a problem for every reference to a node of ours that no file declares.

    `declared` holds the subjects of the ontology and its vocabularies.
    """
    files = list(loaded)
    known = set(declared)
    for one in files:
        known.update(text(q.subject) for q in one.quads)
    problems = []
    for one in files:
        for quad in one.quads:
            value = quad.object
            if not isinstance(value, ox.NamedNode) or not value.value.startswith(OURS):
                continue
            if value.value in known:
                continue
            where = one.positions.of(text(quad.subject), quad.predicate.value)
            name = names.compact(value.value)
            near = process.extractOne(value.value, known, score_cutoff=85)
            remedy = (
                f"Did you mean {names.compact(near[0])}?" if near else "Declare it, or mend it."
            )
            problems.append(Problem(f"{name} is declared nowhere.", where, remedy))
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Check the entries named (all others are read for what they declare)."""
    wanted = {Path(x).resolve() for x in (arguments if arguments is not None else sys.argv[1:])}
    try:
        context = load_context()
        declared = {
            t.subject.value
            for path in (*ontology_files(), *vocabulary_files())
            for t in parse_turtle(path)
            if isinstance(t.subject, ox.NamedNode)
        }
    except CatchupError as error:
        print(error)
        return 1
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    for path in entry_files():
        try:
            one = read_entry(path.read_text(encoding="utf-8"), str(path), context)
        except CatchupError as error:
            if not wanted or path in wanted:
                print(error)
                problems.append(Problem(error.detail, error.where))
            continue
        loaded.append(one)
        if not wanted or path in wanted:
            problems += one.problems
    shown = [p for p in dangling(loaded, declared) if not wanted or Path(p.where.file) in wanted]
    problems += shown
    for problem in problems:
        print(problem)
    print(f"{len(loaded)} entries read, {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
