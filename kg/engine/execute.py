"""One request run against one store, inside a worker."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable
from typing import IO, Any, cast

import pyoxigraph as ox
import zstandard

from catchup.kg.engine.errors import (
    EngineError,
    NotAcceptable,
    QuerySyntaxError,
    ServiceRefused,
    TooComplex,
)
from catchup.kg.engine.formats import FORMATS, Format
from catchup.kg.engine.gate import Shape, admit, bind
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request
from catchup.kg.engine.rows import Full, RowWriter
from catchup.kg.engine.syntax import syntax_error, tidy
from catchup.kg.engine.terms import declare, named_node, terms, used_prefixes
from catchup.kg.names import BASE, DCTERMS, PREFIXES, RDFS, SKOS
from catchup.kg.reasoning.explain import explain
from catchup.kg.reasoning.rules import Program
from catchup.kg.snapshot.skolem import unskolemise

_LABELS = tuple(ox.NamedNode(x) for x in (RDFS + "label", SKOS + "prefLabel", DCTERMS + "title"))
_MERGED = ox.NamedNode("urn:catchup:merged")
# Below this a compressed body is no smaller on the wire than its packet.
COMPRESS_FROM = 1400
# Beyond this, sorting for readability costs more than it gives.
_SORT_UP_TO = 20_000
# Looking for the prefixes that a graph uses takes 20 us a triple, more than all else together.
_LOOKED_THROUGH_UP_TO = 1_000
# Labels of what an answer mentions: enough for any page, bounded for hubs.
_LABELLED_AT_MOST = 2_000

# A query no longer than this makes no row longer than 5 kB, by its own literals, unless it joins
# strings: 100,000 rows then fit in the memory of a query, and need not be looked at as they come.
_SHORT = 512

Triples = dict[ox.Triple, None]


class Executor:
    """Runs requests against `store`. One at a time; the process around it is what gets limited."""

    def __init__(
        self,
        store: ox.Store,
        snapshot: str,
        default_graphs: Iterable[str],
        limits: Limits,
        program: Program | None = None,
    ) -> None:
        self._store = store
        self._snapshot = snapshot
        self._default_graphs = frozenset(default_graphs)
        self._limits = limits
        self._program = program
        self._bound = f"\nLIMIT {limits.rows + 1}"
        self._uncounted = min(limits.rows, limits.bytes)

    def run(self, request: Request) -> Answer:
        """Return the answer. Raises EngineError and its kin."""
        start = time.perf_counter()
        if request.kind == "query":
            answer, written = self._query(request)
        elif request.kind == "explain":
            answer, written = self._explain(request)
        else:
            answer, written = self._described(request)
        if request.encoding and len(answer.body) >= COMPRESS_FROM:
            answer.encoding = request.encoding
            answer.body = compress(answer.body, answer.encoding)
        end = time.perf_counter()
        answer.timings = {"engine": (written - start) * 1000, "serialise": (end - written) * 1000}
        return answer

    # Queries

    def _query(self, request: Request) -> tuple[Answer, float]:
        seen = admit(request.query, self._limits, request.given)
        name = request.results if seen.form in ("SELECT", "ASK") else request.rdf
        if name is None:
            raise NotAcceptable(
                f"{seen.form} has no representation in the formats asked for.",
                remedy="SELECT and ASK give SPARQL JSON, XML, CSV, TSV; CONSTRUCT and DESCRIBE"
                " give Turtle, JSON-LD, N-Triples, RDF/XML, TriG, N-Quads.",
            )
        dataset = self._dataset(request, seen)
        if not dataset:
            return self._evaluate(request, seen, FORMATS[name], dataset)
        try:
            return self._evaluate(request, seen, FORMATS[name], dataset)
        finally:
            if dataset["default_graph"] == [_MERGED]:
                self._store.remove_graph(_MERGED)

    def _evaluate(
        self, request: Request, seen: Shape, format_: Format, dataset: dict[str, Any]
    ) -> tuple[Answer, float]:
        """Return the answer, and when the engine was done."""
        text = request.query
        if request.substitutions:
            text = bind(text, terms(request.substitutions))
        try:
            result, bounded = self._run(text, seen.form, dataset)
            if isinstance(result, ox.QueryTriples):
                triples, truncated = self._collect(result)
            else:
                body, rows, cut = self._write(result, format_, bounded)
                answer = Answer(body, format_.name, seen.form, rows, cut, seen.volatile)
                return answer, time.perf_counter()
        except SyntaxError as error:
            raise syntax_error(str(error.args[0]), text, self._parse) from None
        except (OSError, RuntimeError, ValueError) as error:
            if "ervice" in str(error):
                raise ServiceRefused(
                    "The engine opens no connection, so SERVICE was not run.",
                    remedy="Ask the other endpoint yourself, and send its values here in VALUES.",
                ) from None
            raise EngineError(f"The query could not be evaluated: {tidy(str(error))}") from None
        written = time.perf_counter()
        if seen.form == "DESCRIBE" and not dataset:
            self._add_labels(triples)
        body, rows, cut = self._serialise(triples, format_, truncated)
        return Answer(body, format_.name, seen.form, rows, cut, seen.volatile), written

    def _write(
        self, result: ox.QuerySolutions | ox.QueryBoolean, format_: Format, bounded: bool
    ) -> tuple[bytes, int, str]:
        """Return the body of a SELECT or ASK, its rows, and the limit that cut it.

        `bounded`: it has a few rows more than are answered, at most.
        """
        assert isinstance(format_.engine, ox.QueryResultsFormat)
        if isinstance(result, ox.QueryBoolean):
            return result.serialize(format=format_.engine) or b"", 1, ""
        whole = b""
        if bounded:
            whole = result.serialize(format=format_.engine) or b""
            # a row takes a byte at least
            if len(whole) <= self._uncounted:
                return whole, -1, ""
        writer = RowWriter(format_.name, self._limits.rows, self._limits.bytes)
        try:
            if bounded:
                writer.write(whole)
            else:
                result.serialize(cast("IO[bytes]", writer), format_.engine)
        except Full:
            pass
        return writer.result()

    def _run(self, text: str, form: str, dataset: dict[str, Any]) -> tuple[Any, bool]:
        """Return the engine's result, and whether it has few rows more than are answered, not long.

        With a LIMIT the engine can write its whole result at once, 14 us cheaper than piece by
        piece into a writer that counts. A query that ends with its group can have one more clause;
        where that is wrong (a brace in a comment at the end), it runs as it is.
        """
        if form == "SELECT" and text.rstrip().endswith("}"):
            try:
                result = self._store.query(text + self._bound, base_iri=BASE, **dataset)
                return result, len(text) <= _SHORT and not _joins_strings(text)
            except SyntaxError:
                pass
        return self._store.query(text, base_iri=BASE, **dataset), False

    def _parse(self, text: str) -> str:
        """Return the engine's parse error for a text, "" when it is a query."""
        try:
            self._store.query(text, base_iri=BASE)
        except SyntaxError as error:
            return str(error.args[0])
        return ""

    def _dataset(self, request: Request, seen: Shape) -> dict[str, Any]:
        """Return the dataset arguments of the engine's query call.

        The engine merges several default graphs without removing duplicates (measured), where
        SPARQL 1.1, 13.2.1 wants an RDF merge; so several are merged into a graph of their own.
        """
        default, named = request.default_graphs, request.named_graphs
        if default is None and named is None:
            if len(seen.default_graphs) < 2:
                return {}
            default, named = tuple(seen.default_graphs), tuple(seen.named_graphs)
        wanted = [named_node(g) for g in dict.fromkeys(default or ())]
        graphs: list[Any] = [*wanted]
        if {g.value for g in wanted} == self._default_graphs:
            graphs = [ox.DefaultGraph()]
        elif len(wanted) > 1:
            for graph in wanted:
                self._store.update(f"ADD SILENT GRAPH {graph} TO {_MERGED}")
            graphs = [_MERGED]
        return {
            "default_graph": graphs,
            "named_graphs": [named_node(g) for g in dict.fromkeys(named or ())],
        }

    def _explain(self, request: Request) -> tuple[Answer, float]:
        try:
            [quad] = ox.parse(request.query, format=ox.RdfFormat.N_TRIPLES)
        except (SyntaxError, ValueError):
            raise QuerySyntaxError("This is not one triple in N-Triples.") from None
        # what can be explained has no blank nodes: the snapshot names them
        if isinstance(quad.object, ox.Triple) or self._program is None:
            raise EngineError("This triple cannot be explained here.")
        told = explain(quad.subject, quad.predicate, quad.object, self._store, self._program)
        body = json.dumps(told.as_dict(), ensure_ascii=False).encode()
        return Answer(body, "json", "EXPLAIN", 1), time.perf_counter()

    # RDF answers

    def _described(self, request: Request) -> tuple[Answer, float]:
        if request.rdf is None:
            raise NotAcceptable("Descriptions come as RDF only.")
        triples, truncated = (
            self._entity(request) if request.kind == "entity" else self._graph(request)
        )
        if request.blank:
            triples = dict.fromkeys(unskolemise(triples))
        format_ = FORMATS[request.rdf]
        written = time.perf_counter()
        body, rows, cut = self._serialise(triples, format_, truncated)
        if cut and request.kind == "graph":
            raise TooComplex(
                f"This graph is longer than the {self._limits.bytes:,} bytes of one answer.",
                remedy="Ask for parts of it with CONSTRUCT, or use the export.",
            )
        return Answer(body, format_.name, "DESCRIBE", rows, cut), written

    def _entity(self, request: Request) -> tuple[Triples, str]:
        node = named_node(request.query)
        store, default = self._store, ox.DefaultGraph()
        found: Triples = {}
        truncated = ""
        # What is only in graphs outside the default one (curation, enrichment) has a page too.
        for graph in (default, None):
            for quad in store.quads_for_pattern(node, None, None, graph):
                found[quad.triple] = None
            if found:
                break
        for count, quad in enumerate(store.quads_for_pattern(None, None, node, default)):
            if count == request.incoming:
                truncated = "rows"
                break
            found[quad.triple] = None
        if found:
            self._add_labels(found)
        return found, truncated

    def _graph(self, request: Request) -> tuple[Triples, str]:
        graph = named_node(request.query) if request.query else ox.DefaultGraph()
        return {q.triple: None for q in self._store.quads_for_pattern(None, None, None, graph)}, ""

    def _collect(self, result: ox.QueryTriples) -> tuple[Triples, str]:
        """Take distinct triples up to the row limit: a graph is a set, the engine's output is not."""
        triples: Triples = {}
        for triple in result:
            if len(triples) == self._limits.rows and triple not in triples:
                return triples, "rows"
            triples[triple] = None
        return triples, ""

    def _add_labels(self, triples: Triples) -> None:
        """Add the labels of all IRIs that `triples` mention, from the default graph."""
        mentioned = dict.fromkeys(
            term
            for triple in triples
            for term in (triple.subject, triple.predicate, triple.object)
            if isinstance(term, ox.NamedNode)
        )
        for node in list(mentioned)[:_LABELLED_AT_MOST]:
            for label in _LABELS:
                for quad in self._store.quads_for_pattern(node, label, None, ox.DefaultGraph()):
                    triples[quad.triple] = None

    def _serialise(
        self, triples: Triples, format_: Format, truncated: str
    ) -> tuple[bytes, int, str]:
        wanted = list(triples)
        if len(wanted) <= _SORT_UP_TO:
            # subjects together, in a stable order
            wanted.sort(key=str)
        prefixes = used_prefixes(wanted) if len(wanted) <= _LOOKED_THROUGH_UP_TO else PREFIXES
        assert isinstance(format_.engine, ox.RdfFormat)
        while True:
            body = ox.serialize(wanted, format=format_.engine, prefixes=prefixes)
            assert body is not None
            if len(body) <= self._limits.bytes:
                break
            truncated = "bytes"
            wanted = wanted[: int(len(wanted) * self._limits.bytes / len(body) * 0.95)]
        if truncated:
            body = declare(body, format_.name)
        return body, len(wanted), truncated


def _joins_strings(text: str) -> bool:
    lower = text.lower()
    return "concat" in lower or "replace" in lower


def compress(body: bytes, encoding: str) -> bytes:
    """Return a body in a content coding, "gzip" or "zstd"."""
    if encoding == "gzip":
        return gzip.compress(body, 5, mtime=0)
    return zstandard.ZstdCompressor(level=3).compress(body)
