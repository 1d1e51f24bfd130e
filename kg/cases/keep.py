"""Storing cases: submitting, accepting, revising, withdrawing, erasing; and publishing them.

The journal is the truth; the snapshot follows it. `reconcile` makes the snapshot agree with the
journal again after a crash between the two, and after a build.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.cases.journal import UNSEEN, CaseChanged, CaseConflict, Journal, Version
from catchup.kg.errors import CatchupError, InputError, NotFound, Problem
from catchup.kg.snapshot.build import Derived
from catchup.kg.snapshot.change import add_part, drop_part
from catchup.kg.snapshot.manifest import read_manifest
from catchup.kg.snapshot.parts import lines

#: Does one job (kg.cases.job) under limits: what to do, and the content.
Run = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]
#: Returns what follows from the quads of a case's graph (graph, causes, triples).
Infer = Callable[[str, Sequence[ox.Quad]], list[Derived]]
LICENCES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


class DoesNotConform(InputError):
    """The case has violations and is not stored."""

    title = "The case does not conform"
    kind = "case-violations"
    status = 422


@dataclass(frozen=True)
class Author:
    """Who stores a case, and with which tool."""

    name: str
    orcid: str = ""
    tool: str = "catchup"


@dataclass(frozen=True)
class Sent:
    """A case as it was sent: its content, its format, the name messages use, its id if known."""

    content: bytes
    format: str
    file: str
    case: str = ""


class Keeper:
    """The cases of one home folder.

    `infer` works out what follows from a case's graph where the snapshot is loaded already;
    without it the snapshot is loaded for that.
    """

    def __init__(self, home: Path, base: str, run: Run, infer: Infer | None = None) -> None:
        self.home = home
        self.base = base
        self.run = run
        self.infer = infer
        self.journal = Journal(home)

    def check(self, sent: Sent) -> tuple[dict[str, Any], bytes]:
        """Return what is wrong with a case (`conforms`, `results`), and its statements.

        Raises SyntaxProblem, TooLarge or CaseTooHard when it cannot be read.
        """
        job = {
            "format": sent.format,
            "file": sent.file,
            "home": str(self.home),
            "base": self.base,
            "case": sent.case,
        }
        return self.run(job, sent.content)

    def store(
        self,
        sent: Sent,
        author: Author,
        *,
        accept: bool,
        replaces: str | None = None,
        only: str = "",
    ) -> tuple[Version, dict[str, Any]]:
        """Check a case, then store it as accepted (`accept`) or pending.

        `replaces` is the ETag of the version that this one revises ("*": any); None for a new case.
        With `only` a case of another id is refused. Raises
        DoesNotConform (with `results`), CaseConflict, CaseChanged, NotFound, StorageFull.
        """
        report, quads = self.check(sent)
        if not report["conforms"]:
            raise refusal(report)
        case = report["case"]
        if only and case != only:
            raise CaseConflict(
                f"What was sent is the case '{case}', not '{only}'.",
                remedy="Mend the id in its header, or revise the case that it names.",
            )
        with self.journal.writing():
            self._precondition(case, replaces)
            version = self._version(case, report, sent, author, "accepted" if accept else "pending")
            self.journal.append(version, sent.content, quads)
            self._publish_or_retract(version)
        return version, report

    def accept(self, case: str, author: Author) -> Version:
        """Make the newest, pending version of a case part of the graph, checked once more."""
        pending = self._pending(case)
        content = self.journal.content(pending)
        sent = Sent(content, pending.format, f"{case}.{pending.format}", case)
        return self.store(sent, author, accept=True, replaces=pending.etag)[0]

    def refuse(self, case: str, author: Author, note: str = "") -> Version:
        """Refuse the newest, pending version of a case; what was accepted before stays.

        `note` tells its author why. Raises NotFound and CaseConflict.
        """
        with self.journal.writing():
            version = replace(
                self._pending(case),
                number=self.journal.newest(case).number + 1,
                state="refused",
                agent=author.name,
                orcid=author.orcid,
                tool=author.tool,
                at=_now(),
                format="",
                sha256="",
                note=note[:1000],
            )
            self.journal.append(version)
        return version

    def _pending(self, case: str) -> Version:
        newest = self.journal.newest(case)
        if newest.state != "pending":
            raise CaseConflict(
                f"The case '{case}' is {newest.state}, not pending.",
                remedy="Only a pending version can be accepted or refused.",
            )
        return newest

    def withdraw(
        self, case: str, author: Author, *, erase: bool = False, note: str = "", etag: str = ""
    ) -> Version:
        """Take a case out of the graph; a tombstone stays. With `erase` its content is deleted."""
        with self.journal.writing():
            newest = self.journal.newest(case)
            if etag and etag != newest.etag:
                raise _changed(case)
            if newest.state == "erased" or (newest.state == "withdrawn" and not erase):
                raise CaseConflict(f"The case '{case}' is {newest.state} already.")
            version = replace(
                newest,
                number=newest.number + 1,
                state="erased" if erase else "withdrawn",
                agent=author.name,
                orcid=author.orcid,
                tool=author.tool,
                at=_now(),
                title="" if erase else newest.title,
                format="",
                sha256="",
                note=note,
            )
            self.journal.append(version)
            self._publish(version)
            if erase:
                self.journal.erase(case)
        return version

    def reconcile(self) -> list[str]:
        """Make the snapshot agree with the journal; return the cases for which it did not.

        Without a snapshot nothing is done: the build asks `accepted` for the cases.
        """
        with self.journal.writing():
            self.journal.tidy()
            manifest = read_manifest(self.home)
            if manifest is None:
                return []
            parts = {p.graph: p.file for p in manifest.parts if p.kind == "case"}
            changed = []
            for case in self.journal.ids():
                shown = self.journal.shown(case)
                graph = self.journal.newest(case).graph
                wanted = _file(published(self.journal, shown), graph) if shown else None
                if parts.pop(graph, None) != wanted:
                    self._publish(self.journal.newest(case))
                    changed.append(case)
            for graph in parts:
                drop_part(self.home, graph)
        return changed

    # -- inside ----------------------------------------------------------------------------------
    def _precondition(self, case: str, replaces: str | None) -> None:
        versions = self.journal.versions(case)
        if replaces is None:
            if versions:
                raise CaseConflict(
                    f"The case '{case}' exists already ({versions[-1].state}).",
                    remedy="Choose another id, or revise that case (add --replace, PUT).",
                )
            return
        if not versions:
            raise NotFound(f"There is no case '{case}'.", remedy="Add it as a new one.")
        if versions[-1].state == "erased":
            raise CaseConflict(f"The case '{case}' was erased.", remedy="Choose another id.")
        if replaces not in ("*", versions[-1].etag):
            raise _changed(case)

    def _version(
        self, case: str, report: dict[str, Any], sent: Sent, author: Author, state: Any
    ) -> Version:
        header = report["header"]
        numbers = [v.number for v in self.journal.versions(case)]
        return Version(
            case=case,
            number=numbers[-1] + 1 if numbers else 1,
            state=state,
            title=header.get("title", case),
            agent=author.name,
            orcid=author.orcid,
            at=_now(),
            tool=author.tool,
            licence=header.get("licence", ""),
            graph=report["graph"],
            format=sent.format,
            sha256=hashlib.sha256(sent.content).hexdigest(),
        )

    def _publish_or_retract(self, version: Version) -> None:
        try:
            self._publish(version)
        except (CatchupError, OSError):
            self.journal.retract(version)
            raise

    def _publish(self, version: Version) -> None:
        """Bring the snapshot in line with a case's newest version."""
        shown = self.journal.shown(version.case)
        if version.state in UNSEEN:
            return
        if shown is None:
            if read_manifest(self.home) is not None:
                drop_part(self.home, version.graph, erase=version.state == "erased")
        else:
            infer, graph = self.infer, version.graph
            add_part(
                self.home,
                graph,
                published(self.journal, shown),
                infer and (lambda rows: infer(graph, rows)),
            )


def published(journal: Journal, version: Version) -> list[ox.Quad]:
    """Return the quads of a case's graph: what it says, and who entered it when with what."""
    graph = ox.NamedNode(version.graph)
    quads = list(ox.parse(journal.quads(version), format=ox.RdfFormat.N_QUADS))
    base = version.graph.removesuffix(f"graph/case-{version.case}")
    run = ox.NamedNode(f"{base}id/run-case-{version.case}-{version.number}")
    instant = ox.Literal(version.at, datatype=ox.NamedNode(names.XSD + "dateTime"))
    licence = LICENCES.get(version.licence)
    about: list[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]] = [
        (graph, names.DCTERMS + "title", ox.Literal(version.title, language="en")),
        (graph, names.DCTERMS + "creator", _agent(version)),
        (graph, names.DCTERMS + "created", instant),
        (graph, names.OWL + "versionInfo", ox.Literal(str(version.number))),
        (graph, names.PROV + "wasGeneratedBy", run),
        (run, names.RDF + "type", ox.NamedNode(names.CU + "ExtractionRun")),
        (run, names.RDFS + "label", ox.Literal(version.tool, language="en")),
        (run, names.PROV + "endedAtTime", instant),
    ]
    if version.licence:
        value = ox.NamedNode(licence) if licence else ox.Literal(version.licence)
        about.append((graph, names.DCTERMS + "license", value))
    return [*quads, *(ox.Quad(s, ox.NamedNode(p), o, graph) for s, p, o in about)]


def accepted(home: Path) -> Iterable[tuple[str, list[ox.Quad]]]:
    """Yield graph and quads of every case that is part of the graph (for the build)."""
    journal = Journal(home)
    for case in journal.ids():
        shown = journal.shown(case)
        if shown is not None:
            yield shown.graph, published(journal, shown)


def refusal(report: dict[str, Any]) -> DoesNotConform:
    """Return the error for a case with violations, its results with it."""
    wrong = [r for r in report["results"] if r["severity"] == "violation"]
    return DoesNotConform(
        f"{len(wrong)} thing(s) are wrong with the case '{report['case']}'.",
        remedy="Mend them and send it again; nothing was stored.",
        problems=[Problem(r["message"], remedy=r.get("remedy", "")) for r in wrong[:1]],
        extra={"conforms": False, "results": report["results"]},
    )


def _agent(version: Version) -> ox.NamedNode | ox.Literal:
    if version.orcid:
        return ox.NamedNode("https://orcid.org/" + version.orcid)
    return ox.Literal(version.agent)


def _file(quads: list[ox.Quad], graph: str) -> str:
    text = "\n".join(lines(quads, graph)) + "\n"
    return f"parts/{hashlib.sha256(text.encode()).hexdigest()}.nq"


def _changed(case: str) -> CaseChanged:
    return CaseChanged(
        f"The case '{case}' has a newer version than the one you name.",
        remedy="Read it again, and send your change with the new ETag.",
    )


def _now() -> str:
    return datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
