"""Finding a passage in another copy of its article, by fingerprint alone.

Other line breaks, hyphenation, ligatures and accents do not matter: the fingerprint does not see
them. What a copy puts inside a passage (page headers, footnote marks, editors' comments) costs the
pieces that it cuts; see docs/evidence.md for how much a passage can bear.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from catchup.kg.evidence.fingerprint import (
    CONTEXT,
    PIECE,
    STEP,
    digest,
    normalise,
    piece_hashes,
    read_pieces,
)

#: At least this share of the pieces must occur in order ...
SHARE = 0.8
#: ... within this many times the length of the passage.
SPAN = 1.5
#: Passages shorter than this repeat (39 of the 153 table cells do): they need context or heads too.
SHORT = 60


@dataclass(frozen=True)
class Found:
    """What came of a search: `found`, `ambiguous` or `absent`, with the place when found.

    `start` and `end` are code point offsets of the copy; `pieces` of `of` were seen.
    """

    state: str
    start: int = 0
    end: int = 0
    pieces: int = 0
    of: int = 0


@dataclass(frozen=True)
class Shape:
    """How a passage of several segments lies in its text, in normalised characters.

    `cuts` are the places in the passage where one segment ends and the next begins: a piece across
    a cut stands nowhere. `gaps` are the lengths of what lies between the segments.
    """

    cuts: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()

    def gap(self, low: int, high: int) -> int:
        """Return the length of the gaps at cuts from `low` to `high` of the passage."""
        pairs = zip(self.cuts, self.gaps, strict=True)
        return sum(gap for cut, gap in pairs if low <= cut <= high)


WHOLE = Shape()


def shape(text: str, segments: Sequence[tuple[int, int]]) -> Shape:
    """Return the shape of a passage made of `segments` of the text as given."""
    lengths = [len(normalise(text[start:end])) for start, end in segments]
    between = [len(normalise(text[end:start])) for (_, end), (start, _) in pairwise(segments)]
    return Shape(tuple(accumulate(lengths[:-1])), tuple(between))


@dataclass(frozen=True)
class _Candidate:
    start: int
    end: int
    pieces: int
    context: int


class Copy:
    """A copy of a text, prepared for searching."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.normal = normalise(text)
        #: Every window of a length by its hash, made when a passage too short for pieces asks.
        self._wholes: dict[int, dict[str, list[int]]] = {}

    @cached_property
    def _pieces(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for position, value in enumerate(piece_hashes(self.normal)):
            index[value].append(position)
        return index

    @cached_property
    def _contexts(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for start in range(len(self.normal) - CONTEXT + 1):
            index[digest(self.normal[start : start + CONTEXT], 8)].append(start)
        return index

    @cached_property
    def _offsets(self) -> list[int]:
        return [i for i, char in enumerate(self.text) for _ in normalise(char)]

    def find(
        self,
        fingerprint: str,
        shape: Shape = WHOLE,
        head: str = "",
        heads: tuple[str, ...] = (),
    ) -> Found:
        """Return where the passage with this fingerprint stands in the copy.

        `shape` says how a passage of several segments lies in the text as given. `head` is the
        head of its table row and `heads` are those of all rows: a short cell counts as found where
        the last row head before it is its own.
        """
        length, whole, before, after, wanted = read_pieces(fingerprint)
        if wanted:
            candidates = self._by_pieces(length, before, after, wanted, shape)
        else:
            candidates = self._by_whole(length, whole, before, after)
        if not candidates:
            return Found("absent", of=len(wanted))
        short = length < SHORT
        if short:
            headed = [c for c in candidates if c.context or self._under(c.start, head, heads)]
            if not headed:
                return Found("ambiguous", of=len(wanted))
            candidates = headed
        best = max((c.pieces, c.context) for c in candidates)
        first = [c for c in candidates if (c.pieces, c.context) == best]
        if len(first) > 1 and short and head:
            first = [c for c in first if self._under(c.start, head, heads)] or first
        if len(first) > 1:
            return Found("ambiguous", of=len(wanted))
        at = first[0]
        offsets = self._offsets
        return Found("found", offsets[at.start], offsets[at.end - 1] + 1, at.pieces, len(wanted))

    def _by_pieces(
        self, length: int, before: str, after: str, wanted: list[str], shape: Shape
    ) -> list[_Candidate]:
        starts = [min(i * STEP, length - PIECE) for i in range(len(wanted))]
        whole = [
            i for i, s in enumerate(starts) if not any(s < cut < s + PIECE for cut in shape.cuts)
        ]
        needed = SHARE * len(whole)
        span = SPAN * length + sum(shape.gaps)
        hits = sorted(
            (position, number)
            for number in whole
            for position in self._pieces.get(wanted[number], ())
        )
        found: list[_Candidate] = []
        taken = -1
        for at, (position, _) in enumerate(hits):
            if position < taken:
                continue
            window = [h for h in hits[at:] if h[0] + PIECE <= position + span]
            chain = _in_order(window)
            if not chain or len(chain) < needed:
                continue
            (low, first), (high, last) = chain[0], chain[-1]
            start = max(0, low - starts[first] - shape.gap(0, starts[first]))
            end = high + length - starts[last] + shape.gap(starts[last] + PIECE, length)
            end = min(len(self.normal), end)
            context = self._context(start, end, before, after)
            found.append(_Candidate(start, end, len(chain), context))
            taken = high
        return found

    def _by_whole(self, length: int, whole: str, before: str, after: str) -> list[_Candidate]:
        near = {at + CONTEXT for at in self._contexts.get(before, ())}
        near |= {at - length for at in self._contexts.get(after, ())}
        starts = [s for s in sorted(near) if s >= 0 and self._hash(s, length) == whole]
        if not starts:  # without its context it may still stand somewhere
            if length not in self._wholes:
                index: dict[str, list[int]] = defaultdict(list)
                for start in range(len(self.normal) - length + 1):
                    index[self._hash(start, length)].append(start)
                self._wholes[length] = index
            starts = self._wholes[length].get(whole, [])
        return [
            _Candidate(s, s + length, 0, self._context(s, s + length, before, after))
            for s in starts
        ]

    def _hash(self, start: int, length: int) -> str:
        return digest(self.normal[start : start + length], 16)

    def _context(self, start: int, end: int, before: str, after: str) -> int:
        return (digest(self.normal[max(0, start - CONTEXT) : start], 8) == before) + (
            digest(self.normal[end : end + CONTEXT], 8) == after
        )

    def _under(self, start: int, head: str, heads: tuple[str, ...]) -> bool:
        if not head:
            return False
        last = {h: self.normal.rfind(normalise(h), 0, start) for h in {head, *heads}}
        nearest = max(last.values())
        return nearest >= 0 and last[head] == nearest


def _in_order(hits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of hits (position, number) in which both rise."""
    tails: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for at, (_, number) in enumerate(hits):
        place = bisect_left(tails, number)
        if place == len(tails):
            tails.append(number)
            ends.append(at)
        else:
            tails[place] = number
            ends[place] = at
        back.append(ends[place - 1] if place else -1)
    chain: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(hits[at])
        at = back[at]
    return chain[::-1]
