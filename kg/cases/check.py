"""Checking a case: everything that is wrong with it, in one go, worst first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.cases.formats import CaseFormat
from catchup.kg.cases.known import Known
from catchup.kg.cases.read import CASE_ID, read_case
from catchup.kg.cases.rules import Entry, findings
from catchup.kg.cases.terms import TYPE, Terms, load_terms
from catchup.kg.errors import Problem, Where
from catchup.kg.reading.entry import Loaded
from catchup.kg.reading.positions import Positions
from catchup.kg.reasoning.clashes import clashes
from catchup.kg.reasoning.lookup import Memory
from catchup.kg.reasoning.ontology import as_fact
from catchup.kg.shapes.validate import Finding, validate

HEADER_KEYS = ("id", "title", "creator", "licence")
#: What stands at /cases/... already.
RESERVED = ("new", "pending", "validate", "form")
#: What a header should have, and what to write.
HEADER_WANTED = {
    "title": "Say in a line what the case is about: 'title: ...'.",
    "creator": "Say who enters it: 'creator:' with an ORCID or a name.",
    "licence": "Say under which licence others may use it: 'licence: CC-BY-4.0'.",
}


@dataclass
class Report:
    """What a check found, and the case as it would be stored."""

    case: str
    graph: str
    findings: list[Finding] = field(default_factory=list)
    quads: list[ox.Quad] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """Whether nothing is violated; warnings and remarks do not count."""
        return not any(f.severity == "violation" for f in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer of `POST /cases/validate` and of `check --json`."""
        return {
            "conforms": self.conforms,
            "case": self.case,
            "statements": len(self.quads),
            "results": [result(f) for f in self.findings],
        }


def result(finding: Finding) -> dict[str, Any]:
    """Return one finding as plain data, empty members left out."""
    out: dict[str, Any] = {"severity": finding.severity, "message": finding.message}
    out |= {k: v for k, v in asdict(finding.where).items() if v not in (None, "")}
    for key in ("remedy", "focus", "path", "value", "shape"):
        if getattr(finding, key):
            out[key] = getattr(finding, key)
    return out


def check_case(
    content: bytes, format: CaseFormat, file: str, known: Known, base: str, case: str = ""
) -> Report:
    """Check the case `content` against the shapes, the rules and what is `known`.

    `file` names the content in messages, `base` is the IRI under which new nodes are minted, and
    `case` names the case where the content itself does not. Raises SyntaxProblem or TooLarge when
    nothing can be read of it.
    """
    terms = load_terms()
    loaded = read_case(content, format, file, terms.context)
    case = loaded.header.get("id") or _graph_id(loaded.graph) or case or _slug(file)
    graph = base + "graph/case-" + case
    report = Report(case, graph, header={**loaded.header, "id": case})
    quads = _minted(loaded.quads, graph, base, known)
    year = datetime.datetime.now(tz=datetime.UTC).year
    entry = Entry(quads, graph, base, terms, known, year)
    report.quads = quads
    found = [*_header(loaded, case, file), *(_from_problem(p) for p in loaded.problems)]
    ruled = list(findings(entry))
    found += ruled
    unknown = {(f.focus, f.path, f.value) for f in ruled if f.value}
    untyped = {f.focus for f in ruled if f.path == TYPE}
    if any("is no class" in p.detail for p in loaded.problems):
        untyped |= set(entry.subjects) - set(entry.own_types())
    for finding in validate(quads, _background(entry), entry.subjects, "profile-new-case"):
        told_of = (finding.focus, finding.path, finding.value)
        if told_of not in unknown and finding.value not in untyped:
            found.append(_with_choices(finding, terms))
    found += _contradictions(entry, {(f.focus, f.path) for f in found})
    told = {p.where.line for p in loaded.problems if p.where.line}
    placed = [_place(f, loaded.positions, terms, base, file) for f in found]
    # What cannot be read is also missing: saying so once is enough.
    kept = [f for f in placed if not (f.shape and f.where.line in told)]
    report.findings = sorted(dict.fromkeys(kept), key=Finding.sort_key)
    return report


def _minted(quads: Iterable[ox.Quad], graph: str, base: str, known: Known) -> list[ox.Quad]:
    """Return the quads in the case's graph, new nodes renamed to the installation's base."""
    rows = list(quads)
    own: set[str] = set()
    if base != names.BASE:
        own = {str(q.subject.value) for q in rows if str(q.subject.value).startswith(names.D)}  # type: ignore[union-attr]
        own -= set(known.types(own, but=graph))
    name = ox.NamedNode(graph)

    def renamed(node: Any) -> Any:
        if isinstance(node, ox.NamedNode) and node.value in own:
            return ox.NamedNode(base + "id/" + node.value.removeprefix(names.D))
        return node

    return [ox.Quad(renamed(q.subject), q.predicate, renamed(q.object), name) for q in rows]


def _background(entry: Entry) -> list[ox.Triple]:
    """Return the subclass axioms and the classes of everything the case refers to."""
    return [*entry.terms.axioms, *_types(entry)]


def _types(entry: Entry) -> list[ox.Triple]:
    kind = ox.NamedNode(names.RDF + "type")
    found: list[ox.Triple] = []
    for iri, types in entry.types.items():
        if iri in entry.subjects:
            continue
        found += [ox.Triple(ox.NamedNode(iri), kind, ox.NamedNode(t)) for t in types]
    for iri in {q.object.value for q in entry.quads if isinstance(q.object, ox.NamedNode)}:
        for concept in entry.terms.concepts.get(iri, ()):
            found.append(ox.Triple(ox.NamedNode(iri), kind, ox.NamedNode(concept)))
    return found


def _contradictions(entry: Entry, said: set[tuple[str, str]]) -> Iterable[Finding]:
    """Yield what contradicts the ontology and has not been `said` of the same field yet."""
    facts = [as_fact(t) for t in (*(q.triple for q in entry.quads), *_types(entry))]
    for clash in clashes(entry.terms.program, facts, Memory()):
        at = [(s.value, p.value) for s, p, _ in clash.triples if s.value in entry.subjects]
        subject, predicate = at[0] if at else (clash.subject, clash.predicate or "")
        if (subject, predicate) in said:
            continue
        yield Finding(
            "violation",
            f"This contradicts the ontology: {clash.detail}.",
            subject,
            predicate,
            remedy=f"The axioms say: {clash.axiom}." if clash.axiom else "",
        )


def _header(loaded: Loaded, case: str, file: str) -> Iterable[Finding]:
    if not CASE_ID.match(case):
        yield Finding(
            "violation",
            f"'{case}' cannot name a case.",
            where=_header_place(loaded, "id", file),
            remedy="Use lower-case letters, digits and '-', at most 60.",
        )
    if case in RESERVED:
        yield Finding(
            "violation",
            f"No case can be called '{case}': its address is that of something else.",
            where=_header_place(loaded, "id", file),
            remedy="Name it after the firm or the paper.",
        )
    for key in loaded.header:
        if key not in HEADER_KEYS and key != "graph":
            yield Finding(
                "violation",
                f"'{key}' is no key of a case's header.",
                where=_header_place(loaded, key, file),
                remedy="The keys are " + ", ".join(HEADER_KEYS) + ".",
            )
    for key, remedy in HEADER_WANTED.items():
        if not loaded.header.get(key):
            yield Finding(
                "warning", f"The case has no {key}.", where=Where(file, field=key), remedy=remedy
            )


def _header_place(loaded: Loaded, key: str, file: str) -> Where:
    found = loaded.positions.of("header", key)
    return found if found.line else Where(file, field=key)


def _from_problem(problem: Problem) -> Finding:
    return Finding(problem.severity, problem.detail, where=problem.where, remedy=problem.remedy)


def _with_choices(finding: Finding, terms: Terms) -> Finding:
    """Add what the field takes, where that is a short list."""
    choices = [c.rsplit("/", 1)[-1] for c in terms.choices(finding.path)]
    if not finding.value or not 0 < len(choices) <= 12:
        return finding
    given = names.compact(finding.value)
    remedy = f"Given was {given}; the field takes " + ", ".join(choices) + "."
    return Finding(**{**finding.__dict__, "remedy": remedy})


def _place(finding: Finding, positions: Positions, terms: Terms, base: str, file: str) -> Finding:
    if finding.where.file or not finding.focus:
        return finding
    focus, minted = finding.focus, base + "id/"
    if focus.startswith(minted):
        focus = names.D + focus.removeprefix(minted)
    where = positions.of(focus, finding.path or None)
    if not where.line:
        where = positions.of(finding.focus, finding.path or None)
    key = terms.key(finding.path) if finding.path else where.field
    return finding.at(Where(where.file or file, where.line, where.column, key))


def _graph_id(graph: str) -> str:
    return graph.removeprefix(names.G).removeprefix("case-") if graph != names.G + "unnamed" else ""


def _slug(file: str) -> str:
    stem = PurePath(file).stem.lower()
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in stem).split())
