"""The SQLite index beside a snapshot: names, identifiers and types.

What `check` and `search` look up without loading the graph. One file per snapshot, opened
read-only by everybody but the build.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import CannotRun
from catchup.kg.standing import standing
from catchup.kg.terms import value
from catchup.kg.text import norm, tokens

NAMING = {
    names.RDFS + "label": "label",
    names.SKOS + "prefLabel": "label",
    names.SKOS + "altLabel": "altLabel",
    names.SKOS + "hiddenLabel": "altLabel",
    names.DCTERMS + "title": "title",
    names.SKOS + "definition": "definition",
    names.RDFS + "comment": "definition",
}
IDENTIFYING = {names.DCTERMS + "identifier", names.SKOS + "notation"}
#: Links by which a thing is found from elsewhere: "exact" says that both are the same.
LINKING = {
    names.SCHEMA + "sameAs": "exact",
    names.SKOS + "exactMatch": "exact",
    names.SKOS + "closeMatch": "close",
}
TYPE = names.RDF + "type"
#: Graphs that describe things of others, which are not ours to be searched for.
ELSEWHERE = {names.graph_iri("links"), names.graph_iri("enrichment")}

TABLES = """
CREATE TABLE names
  (iri TEXT, field TEXT, text TEXT, lang TEXT, norm TEXT, graph TEXT, tokens TEXT);
CREATE VIRTUAL TABLE words USING fts5(tokens, content='names', tokenize='unicode61', prefix='2 3');
CREATE VIRTUAL TABLE terms USING fts5vocab('words', 'row');
CREATE TABLE vocabulary (word TEXT PRIMARY KEY, rows INTEGER) WITHOUT ROWID;
CREATE TABLE identifiers (iri TEXT, identifier TEXT, graph TEXT, degree TEXT);
CREATE TABLE types (iri TEXT, type TEXT, graph TEXT);
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS names_iri ON names (iri);
CREATE INDEX IF NOT EXISTS names_norm ON names (norm);
CREATE INDEX IF NOT EXISTS names_graph ON names (graph);
CREATE INDEX IF NOT EXISTS identifiers_iri ON identifiers (iri);
CREATE INDEX IF NOT EXISTS identifiers_identifier ON identifiers (identifier);
CREATE INDEX IF NOT EXISTS identifiers_graph ON identifiers (graph);
CREATE INDEX IF NOT EXISTS types_iri ON types (iri);
CREATE INDEX IF NOT EXISTS types_type ON types (type);
CREATE INDEX IF NOT EXISTS types_graph ON types (graph);
"""


def rows(quads: Iterable[ox.Quad]) -> tuple[list[tuple[str, ...]], ...]:
    """Return the rows of the tables names, identifiers and types for `quads`."""
    named: list[tuple[str, ...]] = []
    identified: list[tuple[str, ...]] = []
    typed: list[tuple[str, ...]] = []
    for q in quads:
        predicate = q.predicate.value
        subject = value(q.subject)
        graph = q.graph_name.value if isinstance(q.graph_name, ox.NamedNode) else ""
        if graph in ELSEWHERE and not subject.startswith(names.BASE):
            continue
        if predicate == TYPE:
            typed.append((subject, value(q.object), graph))
        elif predicate in NAMING and isinstance(q.object, ox.Literal):
            text = q.object.value
            field = NAMING[predicate]
            plain = norm(text)
            lang = q.object.language or ""
            named.append((subject, field, text, lang, plain, graph, tokens(plain)))
        elif predicate in IDENTIFYING and isinstance(q.object, ox.Literal):
            identified.append((subject, q.object.value, graph, "exact"))
        elif predicate in LINKING and isinstance(q.object, ox.NamedNode):
            link, degree = q.object.value, LINKING[predicate]
            local = re.split(r"[/:]", link)[-1]
            keys = (link, local) if local else (link,)
            identified += [(subject, key, graph, degree) for key in keys]
    return sorted_by_standing(named, typed), identified, typed


def sorted_by_standing(
    named: list[tuple[str, ...]], typed: list[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Return the rows of names in the order in which a search should meet them.

    Full-text search gives rows in the order of storage; so the first few are the ones to rank.
    """
    types: dict[str, set[str]] = {}
    for iri, type_, _ in typed:
        types.setdefault(iri, set()).add(type_)
    return sorted(named, key=lambda n: (standing(types.get(n[0], ()), n[1], n[4]), n))


def write_index(
    path: Path, quads: Iterable[ox.Quad], base: Path | None = None, without: str = ""
) -> None:
    """Write the index of `quads` to `path`, on top of a copy of the index at `base` if given.

    The rows of the graph `without` are left out of the copy. Raises CannotRun when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        if base is not None:
            shutil.copyfile(base, draft)
        with sqlite3.connect(draft) as db:
            # A draft needs no journal: after a crash it is not there. One fsync at the end, not one
            # a step: 0.5 s instead of 1.0 s for the 124 MB of a graph of 1 million triples.
            db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF")
            db.execute("PRAGMA secure_delete=ON")
            if base is not None:
                _forget(db, without)
            else:
                db.executescript(TABLES)
            named, identified, typed = rows(quads)
            last = db.execute("SELECT coalesce(max(rowid), 0) FROM names").fetchone()[0]
            db.executemany("INSERT INTO names VALUES (?,?,?,?,?,?,?)", named)
            db.execute(
                "INSERT INTO words(rowid, tokens) SELECT rowid, tokens FROM names WHERE rowid > ?",
                (last,),
            )
            db.execute("DELETE FROM vocabulary")
            db.execute("INSERT INTO vocabulary SELECT term, doc FROM terms")
            db.executemany("INSERT INTO identifiers VALUES (?,?,?,?)", identified)
            db.executemany("INSERT INTO types VALUES (?,?,?)", typed)
            db.executescript(INDEXES)
        db.close()
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise CannotRun(
            f"The index {path} could not be written: {error}.",
            remedy="Free some room, or name another folder with --home.",
        ) from None


def _forget(db: sqlite3.Connection, graph: str) -> None:
    db.execute(
        "INSERT INTO words(words, rowid, tokens) SELECT 'delete', rowid, tokens FROM names"
        " WHERE graph = ?",
        (graph,),
    )
    for table in ("names", "identifiers", "types"):
        db.execute(f"DELETE FROM {table} WHERE graph = ?", (graph,))  # noqa: S608


def open_index(path: Path) -> sqlite3.Connection:
    """Open an index read-only; nothing can be written through the connection."""
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
