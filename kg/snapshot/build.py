"""The build: files to a checked, reasoned, indexed snapshot (architecture, from files to answers)."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import CannotRun, InputError, Problem
from catchup.kg.reading import files
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.inputs import Inputs, input_files, kind, read_inputs
from catchup.kg.snapshot.manifest import Manifest, Part, read_manifest, write_durably
from catchup.kg.snapshot.ondisk import write_store
from catchup.kg.snapshot.parts import lines, read_part, write_part
from catchup.kg.snapshot.stamp import Stamp

if TYPE_CHECKING:
    from catchup.kg.reasoning.materialise import Entailed

Progress = Callable[[str], None]
#: Graphs that say nothing about the world: rules do not look at them.
APART = ("shapes", "queries", "enrichment")
CURATION = names.graph_iri("curation")

#: A derived graph's name, the graphs that caused it (joined by blanks), and its triples.
Derived = tuple[str, str, list[ox.Triple]]


@dataclass
class Built:
    """What a build did: the manifest, whether anything was done, seconds per step, warnings."""

    manifest: Manifest
    fresh: bool
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)


@contextmanager
def lock(home: Path) -> Iterator[None]:
    """Hold the home folder for writing; a second writer waits. Raises CannotRun if not writable."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle = (home / "lock").open("w")
    except OSError as error:
        raise CannotRun(
            f"The folder {home} cannot be written: {error.strerror}.",
            remedy="Name another with --home or CATCHUP_HOME.",
        ) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(home: Path, progress: Progress = lambda step: None) -> Built:
    """Bring the snapshot in `home` up to date with the files.

    `progress` is told the name of each step as it begins. Raises InputError (exit 1) when
    the files are wrong, CannotRun (exit 2) when the snapshot cannot be written; the snapshot
    that was there stays in place then.
    """
    with lock(home):
        return _Build(home, progress).run()


class _Build:
    def __init__(self, home: Path, progress: Progress) -> None:
        self.home = home
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self.stamp = Stamp(home)
        self.caches: dict[str, str] = dict(self.stamp.known.get("caches", {}))
        self.kept: dict[str, str] = {}
        self.warnings: list[Problem] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.progress(name)
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began

    def run(self) -> Built:
        digest, seen = self.stamp.of(self._files())
        manifest = read_manifest(self.home)
        if manifest and self._current(manifest, digest):
            return Built(manifest, fresh=False)
        with self.step("read"):
            inputs = read_inputs()
            self._read_cases(inputs)
        with self.step("check the ontology"):
            self._check_ontology(inputs)
        with self.step("validate"):
            self._validate(inputs)
        with self.step("reason"):
            found = self._reason(inputs)
        with self.step("write"):
            parts = self._write(inputs, found)
            manifest = self._publish(parts, inputs)
            write_store(self.home, manifest)
        with self.step("document"):
            self._document()
        self.stamp.save(digest, seen, manifest.id, self.kept)
        return Built(manifest, True, self.seconds, self.warnings)

    def _files(self) -> list[tuple[str, Path]]:
        """Return the files that decide what the snapshot holds, with names free of this machine.

        Entered cases are not among them: each brings its own parts (kg.snapshot.change).
        """
        return [(p.relative_to(files.ROOT).as_posix(), p) for p in input_files()]

    def _read_cases(self, inputs: Inputs) -> None:
        from catchup.kg.cases.keep import accepted

        for graph, quads in accepted(self.home):
            inputs.graphs[graph.removeprefix(names.G)] = quads

    def _current(self, manifest: Manifest, digest: str) -> bool:
        known = self.stamp.known
        return (
            known.get("inputs") == digest
            and all((self.home / p.file).is_file() for p in manifest.parts)
            and (self.home / manifest.index).is_file()
        )

    def _cached(self, name: str, key: str, work: Callable[[], str]) -> str:
        """Return the remembered result of `work` for the same key, else do it."""
        entry = f"{name}:{key}"
        self.kept[entry] = self.caches.get(entry) or work()
        return self.kept[entry]

    def _check_ontology(self, inputs: Inputs) -> None:
        from catchup.kg.reasoning import hermit
        from catchup.kg.reasoning.ontology import as_fact

        quads = [*inputs.of("ontology", "vocab")]

        def work() -> str:
            where = {as_fact(t): file for file, ts in inputs.axioms.items() for t in ts}
            hermit.check(where, where)
            return "consistent"

        self._cached("ontology", _digest(quads), work)

    def _validate(self, inputs: Inputs) -> None:
        from catchup.kg.shapes.validate import validate

        background = [*inputs.of("ontology", "vocab")]
        asserted = [
            q
            for graph, quads in inputs.graphs.items()
            if graph not in ("ontology", "vocab", "shapes", "queries") and kind(graph) != "case"
            for q in quads
        ]
        shapes = [*inputs.of("shapes")]

        def work() -> str:
            findings = validate([q.triple for q in asserted], [q.triple for q in background])
            places = inputs.positions
            problems = [f.at(places.of(f.focus, f.path)).as_problem() for f in findings]
            wrong = [p for p in problems if p.severity == "violation"]
            if wrong:
                raise InputError(
                    f"The data break {len(wrong)} rule(s) of the shapes; nothing was built.",
                    problems=wrong,
                )
            self.warnings = problems
            return f"{len(problems)} warnings"

        self._cached("shapes", _digest([*background, *asserted, *shapes]), work)

    def _reason(self, inputs: Inputs) -> list[Derived]:
        from catchup.kg.reasoning.materialise import materialise
        from catchup.kg.reasoning.ontology import from_triples
        from catchup.kg.reasoning.rules import compile_rules

        program = compile_rules(from_triples(q.triple for q in inputs.of("ontology")))
        written = (q for g, quads in inputs.graphs.items() if g not in APART for q in quads)
        return [d for c, found in materialise(program, written).items() for d in derived(c, found)]

    def _write(self, inputs: Inputs, found: list[Derived]) -> list[Part]:
        parts = []
        for graph, quads in sorted(inputs.graphs.items()):
            parts.append(write_part(self.home, names.graph_iri(graph), kind(graph), quads))
        for graph, of, triples in found:
            iri = names.graph_iri(graph)
            node = ox.NamedNode(iri)
            quads = [ox.Quad(t.subject, t.predicate, t.object, node) for t in triples]
            parts.append(write_part(self.home, iri, graph, quads, of))
        return parts

    def _document(self) -> None:
        """Write the reference pages of the ontology and its vocabularies."""
        from catchup.kg.catalogue import catalogue
        from catchup.kg.reference.html import render
        from catchup.kg.reference.model import read_reference

        read = read_reference(files.ontology_files(), files.vocabulary_files(), catalogue())
        for name, page in render(read).items():
            write_durably(self.home / "reference" / name, page.encode())

    def _publish(self, parts: list[Part], inputs: Inputs) -> Manifest:
        claims = {
            graph: sum(1 for q in quads if q.object == CLAIM and q.predicate == TYPE)
            for graph, quads in inputs.graphs.items()
        }
        counts = {
            "claims": {graph: n for graph, n in sorted(claims.items()) if n},
            "triples": sum(p.triples for p in parts),
            "default": _default_size(self.home, parts),
        }
        manifest = Manifest.of(parts, counts)
        index = self.home / manifest.index
        if not index.is_file():
            write_index(index, (q for part in parts for q in read_part(self.home, part)))
        manifest.save(self.home)
        return manifest


def derived(cause: Iterable[ox.NamedNode], found: Entailed) -> list[Derived]:
    """Return the derived graphs of one cause (kg.reasoning.materialise).

    What needs the curators' graph goes into graphs of its own, outside the default graph.
    """
    graphs = {g.value for g in cause}
    tail = "-curation" if CURATION in graphs else ""
    of = " ".join(sorted(graphs - {CURATION}))
    both = (("direct", found.direct), ("inferred", found.inferred))
    always = not of
    return [(k + tail, of, sorted(ts, key=str)) for k, ts in both if ts or always]


TYPE = ox.NamedNode(names.RDF + "type")
CLAIM = ox.NamedNode(names.CU + "Claim")


def _default_size(home: Path, parts: list[Part]) -> int:
    """Return how many distinct triples the default graph has."""
    seen: set[str] = set()
    for part in parts:
        if part.default:
            tail = len(f" <{part.graph}> .")
            text = (home / part.file).read_text(encoding="utf-8")
            seen.update(line[:-tail] for line in text.split("\n") if line)
    return len(seen)


def _digest(quads: list[ox.Quad]) -> str:
    digest = hashlib.sha256()
    for line in lines(quads, names.G):
        digest.update(line.encode())
    for path in sorted((files.ROOT / "kg").rglob("*.py")):
        if path.parent.name in ("shapes", "reasoning"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
