"""All that a snapshot is built from, read into quads by graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
from rapidfuzz import process

from catchup.kg import names
from catchup.kg.errors import CatchupError, InputError, Problem, Where
from catchup.kg.linking.graph import problems_of, quads, read_links
from catchup.kg.reading import files
from catchup.kg.reading.context import Context
from catchup.kg.reading.entry import Loaded, read_entry
from catchup.kg.reading.positions import Positions
from catchup.kg.snapshot.skolem import skolemise
from catchup.kg.terms import value

KINDS = {name: name for name in ("entities", "bibliography", "curation", "links", "enrichment")}
OURS = (names.CU, names.CUV, names.D)


@dataclass
class Inputs:
    """Quads by graph name, where they were written, and the shapes."""

    graphs: dict[str, list[ox.Quad]] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)
    problems: list[Problem] = field(default_factory=list)
    #: ontology and vocabularies as written, with their blank nodes, by file
    axioms: dict[str, list[ox.Triple]] = field(default_factory=dict)

    def of(self, *graphs: str) -> Iterator[ox.Quad]:
        """Yield the quads of the named graphs, in order."""
        for name in graphs:
            yield from self.graphs.get(name, ())


def kind(graph: str) -> str:
    """Return the kind of part that the graph called `graph` makes."""
    if graph in names.SOURCES:
        return "source"
    if graph.removeprefix(names.G).startswith("case-") or "://" in graph:
        return "case"
    return KINDS.get(graph, graph)


def input_files() -> list[Path]:
    """Return every file that decides what a snapshot holds: the data and the code that reads it."""
    code = sorted((files.ROOT / "kg").rglob("*.py"))
    links = sorted(p for p in files.LINKS.glob("*") if p.suffix in (".tsv", ".ttl"))
    return [
        *files.ontology_files(),
        *files.vocabulary_files(),
        *files.shape_files(),
        *files.query_files(),
        *files.entry_files(),
        *links,
        *code,
    ]


def read_inputs() -> Inputs:
    """Read all input files.

    Raises InputError with every problem found (syntax, unknown keys, undeclared terms, dangling
    references), each with file, line, column and remedy.
    """
    inputs = Inputs()
    written: dict[Path, list[ox.Triple]] = {}
    groups = {
        "ontology": files.ontology_files(),
        "vocab": files.vocabulary_files(),
        "shapes": files.shape_files(),
        "queries": files.query_files(),
    }
    for graph, paths in groups.items():
        for path in paths:
            try:
                written[path] = list(files.parse_turtle(path))
            except CatchupError as error:
                inputs.problems.append(Problem(error.detail, error.where, error.remedy))
                continue
            name = ox.NamedNode(names.graph_iri(graph))
            if graph in ("ontology", "vocab"):
                inputs.axioms[_shown(path)] = written[path]
            inputs.graphs.setdefault(graph, []).extend(
                ox.Quad(t.subject, t.predicate, t.object, name) for t in skolemise(written[path])
            )
    _stop(inputs)
    context = files.load_context()
    entries = list(_entries(inputs, context))
    inputs.problems += undeclared(entries, written)
    _read_links(inputs)
    _stop(inputs)
    return inputs


def _read_links(inputs: Inputs) -> None:
    tables = read_links()
    written = [q for quads in inputs.graphs.values() for q in quads]
    known = {value(q.subject) for q in written}
    inputs.problems += problems_of(tables, written, known, inputs.positions)
    inputs.graphs["links"] = quads(tables, inputs.positions)
    if files.ENRICHMENT.is_file():
        graph = ox.NamedNode(names.graph_iri("enrichment"))
        inputs.graphs["enrichment"] = [
            ox.Quad(t.subject, t.predicate, t.object, graph)
            for t in files.parse_turtle(files.ENRICHMENT)
        ]


def _entries(inputs: Inputs, context: Context) -> Iterator[Loaded]:
    for path in files.entry_files():
        try:
            one = read_entry(path.read_text(encoding="utf-8"), _shown(path), context)
        except CatchupError as error:
            inputs.problems.append(Problem(error.detail, error.where, error.remedy))
            continue
        except UnicodeDecodeError as error:
            detail = f"The file is not valid UTF-8 at byte {error.start}."
            inputs.problems.append(Problem(detail, Where(_shown(path)), "Save it as UTF-8."))
            continue
        inputs.problems += one.problems
        inputs.positions.update(one.positions)
        graph = one.graph.removeprefix(names.G)
        inputs.graphs.setdefault(graph, []).extend(one.quads)
        yield one


def undeclared(entries: Iterable[Loaded], turtle: dict[Path, list[ox.Triple]]) -> list[Problem]:
    """Return a problem for every term of our namespaces that is used but declared nowhere."""
    entries = list(entries)
    known = {value(q.subject) for one in entries for q in one.quads}
    for path, triples in turtle.items():
        if not path.is_relative_to(files.SHAPES) and not path.is_relative_to(files.QUERIES):
            known.update(t.subject.value for t in triples if isinstance(t.subject, ox.NamedNode))
    problems: list[Problem] = []
    reported: set[tuple[str, str]] = set()
    for one in entries:
        for q in one.quads:
            for iri in _used(q.predicate, q.object):
                if iri not in known:
                    where = one.positions.of(value(q.subject), q.predicate.value)
                    problems.append(_undeclared(iri, where, known))
    for path, triples in turtle.items():
        for t in triples:
            for iri in _used(t.predicate, t.object):
                if iri not in known and (str(path), iri) not in reported:
                    reported.add((str(path), iri))
                    problems.append(_undeclared(iri, find_term(path, iri), known))
    return problems


def find_term(path: Path, iri: str) -> Where:
    """Return the first place in a Turtle file where `iri` is written."""
    spellings = "|".join(re.escape(s) for s in (names.compact(iri), f"<{iri}>"))
    pattern = re.compile(rf"(?<![\w:])(?:{spellings})(?![\w-])")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = pattern.search(line)
        if match:
            return Where(_shown(path), number, match.start() + 1)
    return Where(_shown(path))


def nearest(iri: str, known: Iterable[str]) -> str:
    """Return a remedy that names the declared term most like `iri`, or a general one."""
    space = next((s for s in OURS if iri.startswith(s)), "")
    same = {k.removeprefix(space): k for k in known if k.startswith(space)}
    found = process.extractOne(iri.removeprefix(space), list(same), score_cutoff=70)
    if found:
        return f"Did you mean {names.compact(same[found[0]])}?"
    return "Declare it, or mend the name."


def _used(predicate: ox.NamedNode, value: object) -> Iterator[str]:
    if predicate.value.startswith(OURS):
        yield predicate.value
    if isinstance(value, ox.NamedNode) and value.value.startswith(OURS):
        local = value.value
        if local not in OURS and not local.startswith(names.CU + "0"):
            yield local


def _undeclared(iri: str, where: Where, known: set[str]) -> Problem:
    return Problem(f"{names.compact(iri)} is declared nowhere.", where, nearest(iri, known))


def _shown(path: Path) -> str:
    return path.relative_to(files.ROOT).as_posix() if path.is_relative_to(files.ROOT) else str(path)


def _stop(inputs: Inputs) -> None:
    if inputs.problems:
        raise InputError(
            f"The files have {len(inputs.problems)} problem(s); nothing was built.",
            problems=inputs.problems,
        )
