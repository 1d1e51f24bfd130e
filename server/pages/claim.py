"""A claim's page: what is said, by whom, on what evidence, where, and how to cite it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode

from catchup.kg.engine.model import Request
from catchup.kg.history import recorded
from catchup.kg.names import CU, DCTERMS, OA, PROV, RDF, SKOS, D, compact
from catchup.server.pages import history
from catchup.server.pages.facts import LABEL, Facts, Names, Term, href
from catchup.server.pages.marks import ClaimMark, claim_marks
from catchup.server.pages.passage import passage
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Said, Value, said_in
from catchup.server.pages.visit import Visit

_ABOUT = (
    ("Kind of statement", "statementKind"),
    ("Voice", "voice"),
    ("Basis", "basis"),
    ("Force", "force"),
    ("Rank", "rank"),
    ("Said by", "reportedSpeaker"),
    ("First said in", PROV + "hadPrimarySource"),
    ("Cites in support", "citesWork"),
    ("Put down to", PROV + "wasAttributedTo"),
    ("Source", "statedIn"),
    ("Derived value", "derivedValue"),
    ("Extracted by", "extractedBy"),
    ("Curators' note", SKOS + "editorialNote"),
    ("Proposition put", "puts"),
)
#: The nodes around a claim that its page looks into.
_NEAR = (
    "hasEvidence",
    "hasContextEvidence",
    "reportedSpeaker",
    "statedIn",
    "extractedBy",
    "puts",
    PROV + "hadPrimarySource",
)


@dataclass
class Place:
    """Where a claim's evidence stands: steps from the document down to the part, and the words."""

    kind: str
    state: str
    steps: list[Value]
    segments: list[tuple[int, int]]
    words: str = ""
    context: bool = False
    fingerprint: str = ""
    details: list[tuple[str, list[Value]]] = field(default_factory=list)


async def make(visit: Visit, iri: str) -> Sheet:
    """Return the page of a claim. Raises the errors of kg.engine.errors."""
    data = visit.data
    own, situations, ties = await asyncio.gather(
        *(data.rows(name, it=iri) for name in ("own", "asserted-by", "claim-ties"))
    )
    facts = Facts({**row, "s": Term(iri, True)} for row in own)
    near = set(facts.iris(iri, *_NEAR))
    facts.add(await data.rows("nodes", near))
    evidence = facts.iris(iri, "hasEvidence", "hasContextEvidence")
    further = {
        i for e in evidence for i in facts.iris(e, OA + "hasSelector", "inPart", OA + "hasSource")
    }
    facts.add(await data.rows("nodes", further))
    based = set(facts.iris(iri, "basedOnClaim"))
    conflicts = set(facts.iris(iri, "conflictsWith"))
    resting: set[str] = set()
    for row in ties:
        resting_here = row["how"].value == CU + "basedOnClaim"
        (resting if resting_here else conflicts).add(row["claim"].value)
    number, label = facts.one(iri, DCTERMS + "identifier"), facts.text(iri, LABEL)
    terms = (
        facts.mentioned()
        | {CU + k for v in recorded().get(number, ()) for k in v.changed}
        | based
        | conflicts
        | resting
        | {CU + p for _, p in _ABOUT}
    )
    said = await said_in(data, {r["s"].value for r in situations}, sorted(terms))
    says = label.value if label else number
    others = await _marks(visit, based | conflicts | resting, said.names)
    places = [_place(visit, facts, said, e) for e in evidence]
    for place, e in zip(places, evidence, strict=True):
        place.context = e in facts.iris(iri, "hasContextEvidence")
    mark = next((c for cs in said.claims.values() for c in cs if c.iri == iri), None)
    about = _about(visit, facts, said, iri)
    versions = await history.of(visit, iri, number, says, said.names)
    run = [_run(said, facts, r) for r in facts.iris(iri, "extractedBy")]
    citation = _citation(visit, facts, said.names, iri, number, says)
    context = {
        "iri": iri,
        "number": number,
        "says": says,
        "mark": mark,
        "about": about,
        "read": facts.one(iri, "primarySourceRead"),
        "places": places,
        "statements": [said.statement(s) for s in sorted(said.claims)],
        "why": _why(said),
        "based": [others[i] for i in sorted(based) if i in others],
        "conflicts": [others[i] for i in sorted(conflicts) if i in others],
        "resting": [others[i] for i in sorted(resting) if i in others],
        "turtle": await _turtle(visit, iri),
        "history": versions,
        "runs": run,
        "citation": citation,
        "bibtex": _bibtex(visit, facts, said.names, iri, number, says),
    }
    source = facts.one(iri, "statedIn")
    crumbs = [(visit.say("Sources"), "/sources")]
    if source:
        crumbs.append((said.names(source), f"/sources/{source.removeprefix(D)}"))
    return Sheet(
        "claim.html",
        f"{number}: {says}",
        visit.say("Claim {number}: who says it, on what evidence, and where.", number=number),
        context,
        crumbs=crumbs,
        json=lambda: {
            "iri": iri,
            "number": number,
            "says": says,
            "about": {h: [v.text for v in vs] for h, vs in about},
            "places": [
                {"steps": [s.text for s in p.steps], "segments": p.segments, "state": p.state}
                for p in places
            ],
            "statements": [said.as_data(s) for s in sorted(said.claims)],
            "history": [
                {"at": s.at, "by": s.by, "what": s.what, **({"says": s.words} if s.words else {})}
                for s in versions
            ],
            "citation": citation,
        },
        schema={"@type": "Claim", "@id": iri, "name": number, "text": says},
    )


async def _marks(visit: Visit, claims: set[str], names: Names) -> dict[str, ClaimMark]:
    """Return claims by IRI, marked."""
    if not claims:
        return {}
    facts = await visit.data.facts("nodes", claims)
    rows = []
    for c in claims & set(facts.subjects()):
        row = {
            "claim": Term(c, True),
            "s": Term(c, True),
            "number": Term(facts.one(c, DCTERMS + "identifier")),
            "label": Term(facts.one(c, LABEL)),
            "kind": Term(facts.one(c, "statementKind")),
            "voice": Term(facts.one(c, "voice")),
            "rank": Term(facts.one(c, "rank")),
        }
        rows += [row | {"force": f} for f in facts.all(c, "force")] or [row]
    terms = {t.value for row in rows for k, t in row.items() if k in ("kind", "voice", "force")}
    marks = claim_marks(rows, visit.data.names(terms))
    return {c: found[0] for c, found in marks.items()}


def _about(visit: Visit, facts: Facts, said: Said, iri: str) -> list[tuple[str, list[Value]]]:
    rows = []
    for heading, predicate in _ABOUT:
        terms = facts.all(iri, predicate)
        if not terms:
            continue
        if predicate == "reportedSpeaker":
            values = [v for t in terms for v in _speaker(facts, said, t.value)]
        else:
            values = [said.value(t) for t in terms]
        rows.append((visit.say(heading), values))
    return rows


def _run(said: Said, facts: Facts, run: str) -> str:
    """Return which reading a claim comes from, by whom, ended when."""
    by = ", ".join(said.names(a) for a in facts.iris(run, PROV + "wasAssociatedWith"))
    ended = facts.one(run, PROV + "endedAtTime")[:10]
    return ", ".join(text for text in (said.names(run), by, ended) if text)


def _speaker(facts: Facts, said: Said, speaker: str) -> list[Value]:
    """Return a speaker by role: sources name roles, hardly ever people."""
    roles = ", ".join(t.value for t in facts.all(speaker, "roleTitle"))
    firms = [Value(said.names(o), href(o)) for o in facts.iris(speaker, "speaksFor")]
    return [Value(roles or said.names(speaker), href(speaker)), *firms]


def _place(visit: Visit, facts: Facts, said: Said, evidence: str) -> Place:
    types = facts.types(evidence)
    kind = next((t for t in ("Passage", "Locator", "InterviewRecord") if t in types), "Evidence")
    source = facts.one(evidence, OA + "hasSource", "inWork")
    steps = [Value(said.names(source), f"/sources/{source.removeprefix(D)}")] if source else []
    for part in facts.iris(evidence, "inPart"):
        document = source.removeprefix(D)
        steps.append(Value(said.names(part), f"/sources/{document}/{part.removeprefix(D)}"))
    segments = [
        (start, end)
        for s in facts.iris(evidence, OA + "hasSelector")
        if (start := facts.number(s, OA + "start")) is not None
        and (end := facts.number(s, OA + "end")) is not None
    ]
    words = passage(
        visit.services.config.sources,
        source.removeprefix(D),
        facts.one(source, "textSha256"),
        segments,
    )
    details = [
        (said.names(CU + p), [said.value(t) for t in facts.all(evidence, p)])
        for p in ("page", "sectionNumber", "roleTitle", "interviewMode", "consentLevel", "period")
        if facts.all(evidence, p)
    ]
    return Place(
        said.names(CU + kind),
        said.names(facts.one(evidence, "evidenceState")),
        steps,
        sorted(segments),
        words,
        fingerprint=facts.one(evidence, "fingerprint"),
        details=details,
    )


def _why(said: Said) -> list[tuple[str, str]]:
    """Return what can be explained from here: (words, address of the explanation)."""
    out = []
    for s in said.claims:
        facts = said.facts
        subject, predicate = facts.one(s, "stSubject"), facts.one(s, "stPredicate")
        for o in facts.iris(s, "stObject"):
            text = f"{said.names(subject)} · {said.names(predicate)} · {said.names(o)}"
            out.append((text, explain_address(subject, predicate, o)))
        for t in sorted(
            facts.types(s)
            & {
                "ReverseFlow",
                "DownwardFlow",
                "HorizontalFlow",
                "ReleaseActivity",
                "WindowOpenedMove",
            }
        ):
            text = f"{said.names(said.kind(s))} → {said.names(CU + t)}"
            out.append((text, explain_address(s, RDF + "type", CU + t)))
    return out


def explain_address(subject: str, predicate: str, object_: str) -> str:
    """Return the address of the explanation of a triple of IRIs."""
    return "/explain?" + urlencode(
        {"s": compact(subject), "p": compact(predicate), "o": compact(object_)}, safe=":"
    )


async def _turtle(visit: Visit, iri: str) -> str:
    request = Request(iri, kind="entity", results=None, rdf="turtle", incoming=0)
    answer, cached = await visit.services.answer(request, visit.client)
    visit.services.release(answer, cached)
    lines = answer.body.decode().split("\n")
    return "\n".join(line for line in lines if line and not line.startswith("@prefix"))


def _citation(visit: Visit, facts: Facts, names: Names, iri: str, number: str, says: str) -> str:
    source = facts.one(iri, "statedIn")
    after = f" After {names(source)}." if source else ""
    return (
        f"Catchup, claim {number}: “{says}”{after} "
        f"Snapshot {visit.services.store.snapshot[:12]}. {iri}"
    )


def _bibtex(visit: Visit, facts: Facts, names: Names, iri: str, number: str, says: str) -> str:
    source = facts.one(iri, "statedIn")
    note = f"After {names(source)}; " if source else ""
    plain = says.translate({ord(c): None for c in "{}\\"})
    plain = "".join("\\" + c if c in "%&#_$" else c for c in plain)
    return "\n".join(
        [
            f"@misc{{catchup-{number},",
            f"  title = {{Claim {number}: {plain}}},",
            "  howpublished = {Catchup knowledge graph},",
            f"  note = {{{note.replace('&', chr(92) + '&')}snapshot {visit.services.store.snapshot[:12]}}},",
            f"  url = {{{iri}}}",
            "}",
        ]
    )
