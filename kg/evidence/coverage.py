"""Coverage: on which parts of a source claims rest, and why none rest on the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from catchup.kg import names
from catchup.kg.evidence.fingerprint import normalise
from catchup.kg.evidence.parts import Part
from catchup.kg.evidence.record import Record, local
from catchup.kg.evidence.sources import Source

CU = names.CU


@dataclass(frozen=True)
class PartCoverage:
    """One part: claims on it, claims on it or inside it, the share of its letters that they use."""

    part: Part
    claims: int
    within: int
    share: float
    accounted: bool

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain data."""
        return {
            "part": self.part.id,
            "label": self.part.label,
            "claims": self.claims,
            "within": self.within,
            "share": round(self.share, 2),
            "waiver": self.part.waiver,
            "accounted": self.accounted,
        }


def coverage(record: Record, source: Source) -> list[PartCoverage]:
    """Return a row for every part of `source`, in the order of the text.

    A part is accounted for when it or a part around it carries a waiver, or when a claim uses
    some of its own text and all parts inside it are accounted for. What is a part's own is what
    no part inside it holds; a part without text of its own stands or falls with those inside.
    """
    claims: dict[str, set[str]] = {name: set() for name in source.parts}
    used = bytearray(len(source.text))
    for claim in record.of_type("Claim"):
        for node in record.all(claim, CU + "hasEvidence"):
            name = local(record.one(node, CU + "inPart"))
            if name not in claims:
                continue
            claims[name].add(claim)
            for start, end in record.passage(node).segments:
                used[start:end] = b"\1" * (end - start)
    children: dict[str, list[str]] = {name: [] for name in source.parts}
    for part in source.parts.values():
        if part.parent in children:
            children[part.parent].append(part.id)
    within = {name: set(own) for name, own in claims.items()}
    for name in claims:
        for around in source.ancestors(name)[1:]:
            within[around.id] |= claims[name]
    accounts: dict[str, bool] = {}
    for name in sorted(claims, key=lambda n: -len(source.ancestors(n))):
        part = source.parts[name]
        waived = any(p.waiver for p in source.ancestors(name))
        inside = [source.parts[child] for child in children[name]]
        own = _own_letters(source.text, part, inside)
        rests = any(used[i] for i in own) or (bool(inside) and not own)
        accounts[name] = waived or (rests and all(accounts[p.id] for p in inside))
    return [
        PartCoverage(
            part,
            len(claims[part.id]),
            len(within[part.id]),
            _share(source.text, used, part),
            accounts[part.id],
        )
        for part in sorted(source.parts.values(), key=lambda p: (p.start, -p.end))
    ]


def outside(source: Source) -> list[tuple[int, int]]:
    """Return the stretches of text with letters or digits that no part holds."""
    held = bytearray(len(source.text))
    for part in source.parts.values():
        held[part.start : part.end] = b"\1" * (part.end - part.start)
    found: list[tuple[int, int]] = []
    at = 0
    while (start := held.find(b"\0", at)) >= 0:
        end = held.find(b"\1", start)
        end = len(held) if end < 0 else end
        if normalise(source.text[start:end]):
            found.append((start, end))
        at = end
    return found


def citations(record: Record, source: Source) -> Counter[str]:
    """Return how many in-text citations stand in each part of `source`."""
    return Counter(
        part
        for node in record.of_type("InTextCitation")
        if (part := local(record.one(node, CU + "inPart"))) in source.parts
    )


def _own_letters(text: str, part: Part, inside: list[Part]) -> list[int]:
    held: set[int] = set()
    for child in inside:
        held.update(range(child.start, child.end))
    return [i for i in range(part.start, part.end) if i not in held and text[i].isalnum()]


def _share(text: str, used: bytearray, part: Part) -> float:
    letters = [i for i in range(part.start, part.end) if text[i].isalnum()]
    return sum(used[i] for i in letters) / len(letters) if letters else 0.0
