"""Reading back: every anchor resolves, and every number, year and name stands where it is said to.

A claim passes when its label and its situations hold no number, year or proper name that its
passage, its declared context passage, or the heads over them do not contain. What the curators
derived is exempt as far as `derivedValue` names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from catchup.kg import names
from catchup.kg.errors import Problem
from catchup.kg.evidence import values
from catchup.kg.evidence.fingerprint import fingerprint, normalise
from catchup.kg.evidence.names import Names, contains
from catchup.kg.evidence.parts import ARTEFACTS
from catchup.kg.evidence.record import LABEL, TYPE, Passage, Record, local
from catchup.kg.evidence.sources import Source, changed
from catchup.kg.text import norm

CU = names.CU
#: Nodes that bear a proper name. Populations, capabilities and markets are described, not named.
NAMED = frozenset(
    f"{CU}{name}"
    for name in (
        *("Firm", "BusinessGroup", "Unit", "Headquarters", "RegionalHeadquarters", "Subsidiary"),
        *("Department", "Brand", "JointVenture", "University", "GovernmentBody", "Organization"),
        *("Person", "Country", "DevelopedMarket", "EmergingMarket", "Region", "City"),
        *("MarketGroup", "Product", "Technology", "Standard", "Register", "Policy"),
        *("Programme", "Publication"),
    )
)
#: Nodes that have claims or an identity of their own: what they say is checked elsewhere.
ELSEWHERE = frozenset(
    f"{CU}{name}"
    for name in ("Population", "Claim", "Document", "DocumentPart", "CitedWork", "InTextCitation")
)
NUMBERS = tuple(
    f"{CU}{name}"
    for name in (
        *("numericValue", "lowValue", "highValue", "rankValue", "memberCount"),
        *("startYear", "endYear", "startMonth", "endMonth", "quarter", "durationYears"),
        *("notBeforeYear", "notAfterYear"),
    )
)
WORKS = (names.PROV + "hadPrimarySource", CU + "citesWork", CU + "originWork")
HEADINGS = frozenset({"Heading", "TableCaption", "FigureCaption"})


@dataclass
class Report:
    """What was read back, and what is wrong."""

    claims: int = 0
    passages: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Said:
    """The text that carries something, in the three forms in which it is searched."""

    text: str

    def numbers(self) -> set[float]:
        return values.stated(self.text)

    def words(self) -> str:
        # footnote marks go first, lest a raised 1 become a digit of the word before it
        return norm("".join(c for c in self.text if unicodedata.category(c) != "No"))

    def letters(self) -> str:
        return normalise(self.text)


def verify(
    record: Record,
    sources: dict[str, Source],
    known: Names,
    only: Callable[[str], bool] = lambda claim: True,
) -> Report:
    """Read the record back from `sources` and report what does not hold.

    `only` takes the IRI of a claim or passage and says whether it is to be checked.
    """
    report = Report()
    for source in sources.values():
        node = names.D + source.name
        problem = changed(source, record.one(node, CU + "textSha256"), record.where(node))
        if problem:
            report.problems.append(problem)
        report.problems += _heads_stand(source)
    sound: dict[str, bool] = {}
    for node in record.of_type("Passage"):
        passage = record.passage(node)
        if passage.source not in sources or not only(node):
            continue
        report.passages += 1
        wrong = _anchor(passage, sources[passage.source])
        sound[node] = not wrong
        report.problems += [Problem(text, record.where(node), remedy) for text, remedy in wrong]
    checker = _Checker(record, sources, known, sound)
    for claim in record.of_type("Claim"):
        if only(claim) and local(record.one(claim, CU + "statedIn")) in sources:
            report.claims += 1
            report.problems += checker.claim(claim)
    return report


def heads(source: Source, part: str) -> list[str]:
    """Return the heads over a part: of its row, column, table and sections."""
    found: list[str] = []
    for around in source.ancestors(part):
        found += [h for h in (around.row_head, around.column_head) if h]
        found += [
            source.text[child.start : child.end]
            for child in source.children(around.id)
            if HEADINGS.intersection(child.kinds)
        ]
    return found


def _heads_stand(source: Source) -> list[Problem]:
    letters = normalise(source.text)
    return [
        Problem(f"{part.id}: the head '{head[:60]}' does not stand in {source.name}.")
        for part in source.parts.values()
        for head in (part.row_head, part.column_head)
        if head and normalise(head) not in letters
    ]


def _anchor(passage: Passage, source: Source) -> list[tuple[str, str]]:
    part = source.parts.get(passage.part)
    if part is None:
        return [(f"'{passage.part}' is no part of {source.name}.", "Name a part of the source.")]
    if not passage.segments:
        return [("The passage has no segments.", "Make its anchor with the tool.")]
    for start, end in passage.segments:
        if not part.start <= start < end <= part.end:
            return [(f"The segment {start}-{end} is not inside {part.id}.", "Make it anew.")]
        for other in source.parts.values():
            inside = other.start < end and start < other.end
            if inside and other.id != part.id and ARTEFACTS.intersection(other.kinds):
                return [(f"The segment {start}-{end} holds {other.id}.", "Cut it out.")]
    if fingerprint(source.text, passage.segments) != passage.fingerprint:
        return [
            (
                f"The fingerprint does not fit what stands at {passage.part}.",
                "Make the anchor anew, and read whether the claim still holds.",
            )
        ]
    return []


class _Checker:
    def __init__(
        self, record: Record, sources: dict[str, Source], known: Names, sound: dict[str, bool]
    ) -> None:
        self.record = record
        self.sources = sources
        self.known = known
        self.sound = sound
        self.asserted_by: dict[str, list[str]] = defaultdict(list)
        for claim in record.of_type("Claim"):
            for predicate in ("asserts", "puts"):
                for node in record.all(claim, CU + predicate):
                    self.asserted_by[node].append(claim)

    def claim(self, claim: str) -> list[Problem]:
        """Check one claim; a claim whose anchor is unsound is not read further."""
        record = self.record
        evidence = record.passages_of(claim)
        if not evidence:
            where, remedy = record.where(claim), "Give it the passage that carries it."
            return [Problem(f"{local(claim)} rests on no passage.", where, remedy)]
        if not all(self.sound.get(node, False) for node in evidence):
            return []
        own = self._said([claim])
        derived = " ".join(record.all(claim, CU + "derivedValue"))
        wrong = self._label(record.one(claim, LABEL), own, derived)
        for work in {w for p in WORKS for w in record.all(claim, p)}:
            wrong += self._work(work, own)
        for speaker in record.all(claim, CU + "reportedSpeaker"):
            wrong += self._speaker(speaker, own)
        for predicate in ("asserts", "puts"):
            for node in record.all(claim, CU + predicate):
                carried = self._said(self.asserted_by[node])
                wrong += self._situation(node, carried, derived)
        remedy = (
            "Mend the claim, widen its passage, declare a context passage, or mark a derived value."
        )
        where = record.where(claim)
        number = record.one(claim, names.DCTERMS + "identifier") or local(claim)
        return [Problem(f"{number}: {w}", where, remedy) for w in dict.fromkeys(wrong)]

    def _said(self, claims: Iterable[str]) -> _Said:
        texts: list[str] = []
        for claim in claims:
            for node in self.record.passages_of(claim):
                passage = self.record.passage(node)
                source = self.sources.get(passage.source)
                if source is not None and passage.part in source.parts:
                    texts.append(" ".join(source.text[a:b] for a, b in passage.segments))
                    texts += heads(source, passage.part)
        return _Said("\n".join(texts))

    def _label(self, label: str, said: _Said, derived: str) -> list[str]:
        numbers = values.missing(values.written(label), said.numbers() | values.stated(derived))
        wrong = [f"the label says {values.shown(n)}, the passage does not." for n in numbers]
        words = said.words()
        covered = label
        for node, forms in self._bearers().items():
            used = [f for f in forms if _in_label(label, f)]
            if not used:
                continue
            for form in used:
                covered = covered.replace(form, " ".join("x" for _ in form.split()))
            if not any(contains(words, f) for f in self.known.of(node, forms)):
                if not contains(norm(derived), used[0]):
                    wrong.append(f"the label names {used[0]}, the passage does not.")
        for word in self.known.capitals(covered):
            if not self.known.stands_in(word, words) and not contains(norm(derived), word):
                wrong.append(f"the label names {word}, the passage does not.")
        return wrong

    def _situation(self, top: str, said: _Said, derived: str) -> list[str]:
        record = self.record
        numbers = said.numbers() | values.stated(derived)
        wrong: list[str] = []
        for node in self._own(top):
            for predicate in NUMBERS:
                for text in record.all(node, predicate):
                    if values.missing([float(text)], numbers):
                        wrong.append(
                            f"{local(predicate)} is {text}, the passage has no such value."
                        )
            for printed in record.all(node, CU + "asPrinted"):
                if normalise(printed) not in said.letters():
                    wrong.append(f"'{printed}' is not printed so in the passage.")
            for _, value in record.links(node):
                if self._is_named(value):
                    wrong += self._named(value, said, derived)
            for work in record.all(node, CU + "originWork"):
                wrong += self._work(work, said)
            if CU + "Proposition" in record.all(node, TYPE):
                wrong += self._label(record.one(node, LABEL), said, derived)
        return wrong

    def _own(self, top: str) -> list[str]:
        """Return a situation with the nodes that belong to it and to no other claim."""
        found, queue = [top], [top]
        while queue:
            for predicate, node in self.record.links(queue.pop()):
                if node in found or predicate == TYPE or not node.startswith(names.D):
                    continue
                types = set(self.record.all(node, TYPE))
                if not types or types & (NAMED | ELSEWHERE) or node in self.asserted_by:
                    continue
                found.append(node)
                queue.append(node)
        return found

    def _is_named(self, node: str) -> bool:
        labels = self.record.all(node, LABEL)
        if labels and labels[0][:1].islower():
            return False  # a description, such as "subsidiaries that ZTE sold in 2013"
        return bool(NAMED.intersection(self.record.all(node, TYPE))) and (
            self.record.one(node, CU + "namedInSource") != "false"
        )

    def _named(self, node: str, said: _Said, derived: str) -> list[str]:
        forms = self.known.of(local(node), self._labels(node))
        words = said.words() + " " + norm(derived)
        if any(contains(words, f) for f in forms):
            return []
        return [f"it speaks of {forms[0] if forms else local(node)}, the passage does not."]

    def _work(self, node: str, said: _Said) -> list[str]:
        record = self.record
        if CU + "CitedWork" not in record.all(node, TYPE):
            return []
        named = record.one(node, CU + "authorList") or record.one(node, LABEL)
        family = re.split(r",|;| \d", named)[0]
        years = {float(year) for year in record.all(node, CU + "publishedYear")}
        words = said.words()
        forms = self.known.of(local(node), [family])
        if any(contains(words, f) for f in forms) and not values.missing(years, said.numbers()):
            return []
        return [f"it credits {record.one(node, LABEL)}, the passage does not."]

    def _speaker(self, node: str, said: _Said) -> list[str]:
        words = said.words()
        wrong = []
        for role in self.record.all(node, CU + "roleTitle"):
            if not any(contains(words, f) for f in self.known.of(local(node), [role])):
                wrong.append(f"the speaker is '{role}', the passage names no such speaker.")
        for firm in self.record.all(node, CU + "speaksFor"):
            if self._is_named(firm):
                wrong += self._named(firm, said, "")
        return wrong

    def _labels(self, node: str) -> list[str]:
        record = self.record
        return record.all(node, LABEL) + record.all(node, names.SKOS + "altLabel")

    def _bearers(self) -> dict[str, list[str]]:
        if not hasattr(self, "_cached"):
            nodes = [n for n in self.record.values if self._is_named(n)]
            nodes.sort(key=lambda n: -max((len(x) for x in self._labels(n)), default=0))
            self._cached = {local(n): [x for x in self._labels(n) if x.isascii()] for n in nodes}
        return self._cached


def _in_label(label: str, form: str) -> bool:
    at = label.find(form)
    if at < 0 or not form[:1].isupper():
        return False
    before, after = label[at - 1 : at], label[at + len(form) : at + len(form) + 1]
    return not before.isalnum() and not after.isalnum()
