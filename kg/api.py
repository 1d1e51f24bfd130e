"""The graph from Python: `from catchup.kg import open_graph` (docs/python.md).

with open_graph() as graph:
    graph.query("partnerships", firm="huawei")       # a question of the catalogue
    graph.query("SELECT ?f WHERE { ?f a cu:Firm }")   # any SPARQL; our prefixes are declared
    graph.frame("mini-cases")                          # the same as a pandas data frame
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from catchup.kg import names, settings
from catchup.kg.catalogue import Question, catalogue, declared, question
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request, Term, iri_term, literal_term
from catchup.kg.engine.sync import Engine
from catchup.kg.errors import CannotRun, InputError, NotFound, Where
from catchup.kg.parameters import bind, resolve
from catchup.kg.reasoning.notation import parse_triple
from catchup.kg.search import Hit, search
from catchup.kg.snapshot.build import build
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import NAME, read_manifest
from catchup.kg.terms import value
from catchup.kg.values import Value, python_value, table

if TYPE_CHECKING:
    import pandas

Row = dict[str, Value]


def open_graph(home: str | Path | None = None, limits: Limits | None = None) -> Graph:
    """Open the snapshot in the folder `home` (CATCHUP_HOME, or the default one).

    It is built first where there is none; `catchup build` brings one up to date. Queries run in a
    process of their own within `limits`. Raises CannotRun or InputError when it cannot be built.
    """
    folder = Path(home) if home is not None else settings.home()
    manifest = read_manifest(folder) or build(folder).manifest
    return Graph(folder, folder / manifest.index, limits or Limits())


class Graph:
    """An open snapshot. Close it, or use it in a `with` statement."""

    def __init__(self, home: Path, index: Path, limits: Limits) -> None:
        """Open; `open_graph` is the usual way."""
        self._engine = Engine(home / NAME, limits)
        self._index: sqlite3.Connection = open_index(index)

    @property
    def snapshot(self) -> str:
        """The id of the snapshot: answers with the same id come from the same triples."""
        return self._engine.snapshot

    def questions(self) -> dict[str, Question]:
        """Return the questions of the catalogue by name."""
        return catalogue()

    def query(self, asked: str, **parameters: Value) -> list[Row]:
        """Return the rows of an answer; `asked` is the name of a question, or a SPARQL text.

        A question's parameters take local names, IRIs, labels or identifiers. In a text a variable
        of that name is bound: a text that is an IRI or a prefixed name to that node, else a
        literal. Values become Python's: IRIs and texts `str`, numbers `int`, `Decimal` or `float`.
        An unbound variable is None. ASK gives one row, `answer`; CONSTRUCT and DESCRIBE give rows
        of subject, predicate and object. Raises NotFound (a name, with the nearest), InputError (a
        parameter), the errors of kg.engine.errors (syntax with line and column, limits), and
        CannotRun for an answer longer than the limits, since a part of one would mislead.
        """
        return self._rows(asked, parameters)[1]

    def frame(self, asked: str, **parameters: Value) -> pandas.DataFrame:
        """Return what `query` returns as a pandas data frame, empty columns kept.

        Raises CannotRun where pandas is not installed, and what `query` raises.
        """
        try:
            import pandas
        except ImportError:
            raise CannotRun("pandas is not installed.", remedy="pip install pandas") from None
        columns, rows = self._rows(asked, parameters)
        return pandas.DataFrame(rows, columns=columns)

    def search(self, text: str, type: str = "", lang: str = "en", limit: int = 20) -> list[Hit]:
        """Return what `text` may mean, best first; `type` names a class. Raises NotFound."""
        types = [resolve(type, names.OWL + "Class", self._index, "type")] if type else []
        return search(self._index, text, limit, types, lang)

    def describe(self, entity: str) -> dict[str, list[Value]]:
        """Return what the graph says of a thing: its values by property (prefixed names).

        `entity` is an IRI, a prefixed or local name, a label or an identifier. Raises NotFound.
        """
        iri = resolve(entity, "", self._index, "entity")
        answer = self._engine.query(Request(iri, kind="entity", rdf="ntriples", incoming=0))
        found: dict[str, list[Value]] = {}
        for triple in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES):
            if value(triple.subject) == iri:
                values = found.setdefault(names.compact(triple.predicate.value), [])
                values.append(_value(triple.object))
        if not found:
            raise NotFound(f"<{iri}> is not in the graph.", remedy="Look with search().")
        return found

    def explain(self, subject: str, predicate: str, object: str) -> dict[str, Any]:
        """Return why a triple is in the graph, as `catchup explain --json` does.

        Raises NotFound when it is not, SyntaxProblem for a term that cannot be read.
        """
        s, p, o = parse_triple(subject, predicate, object)
        answer = self._engine.query(Request(f"{s} {p} {o} .", kind="explain", rdf=None))
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def close(self) -> None:
        """End the process that answers."""
        self._index.close()
        self._engine.close()

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _rows(self, asked: str, parameters: Mapping[str, Value]) -> tuple[list[str], list[Row]]:
        if any(c.isspace() for c in asked.strip()):
            terms = {k: _term(k, v) for k, v in parameters.items()}
            text = declared(asked)
        else:
            known = question(asked)
            given = {k: _text(v) for k, v in parameters.items() if v is not None}
            terms, text = bind(known, given, self._index), known.query
        answer = self._engine.query(Request(text, rdf="ntriples", substitutions=terms))
        if answer.truncated:
            raise CannotRun(
                f"The answer is longer than the limit of {answer.truncated}.",
                remedy="Ask for less, or open the graph with other limits.",
            )
        return _plain(answer)


def _plain(answer: Answer) -> tuple[list[str], list[Row]]:
    if answer.form in ("SELECT", "ASK"):
        columns, rows = table(answer.body)
        return columns, [
            {c: python_value(row[c]) if c in row else None for c in columns} for row in rows
        ]
    found: list[Row] = [
        {
            "subject": value(t.subject),
            "predicate": t.predicate.value,
            "object": _value(t.object),
        }
        for t in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)
    ]
    return ["subject", "predicate", "object"], found


def _value(node: Any) -> Value:
    if isinstance(node, ox.Literal):
        return python_value({"value": node.value, "datatype": node.datatype.value})
    return value(node)


def _text(given: Value) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    return str(given)


def _term(name: str, given: Value) -> Term:
    if isinstance(given, bool):
        return literal_term(str(given).lower(), names.XSD + "boolean")
    if isinstance(given, int):
        return literal_term(str(given), names.XSD + "integer")
    if not isinstance(given, str):
        raise InputError(
            f"'{name}' cannot be bound to {given!r}.",
            where=Where(field=name),
            remedy="Give a text, a whole number or a truth value.",
        )
    prefix, colon, _ = given.partition(":")
    if given.startswith(("http://", "https://")):
        return iri_term(given)
    if colon and prefix in names.PREFIXES and " " not in given:
        return iri_term(names.expand(given))
    return literal_term(given)
