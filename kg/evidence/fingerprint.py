"""Fingerprints: how a passage is recognised without storing its words.

`f1;LENGTH;WHOLE;BEFORE;AFTER;PIECE.PIECE...`: length of the normalised text, SHA-256 of the whole
(16 hex digits), of the 32 normalised characters before and after (8 each), and of overlapping
24-character pieces (8 each). See design notes in docs/evidence.md.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

PIECE = 24
#: At step 1 each further character could be guessed from the next hash; 12 leaves half unknown.
STEP = 12
CONTEXT = 32
#: 32 letters and digits nearly always stand in 120 characters; past 4,000 there is no context.
NEAR, FAR = 120, 4000

_NOT_ASCII_LETTERS = re.compile(r"[^a-z0-9]+")


def normalise(text: str) -> str:
    """Return the letters and decimal digits of `text`, compatibility-decomposed and case-folded.

    Footnote marks (category No) go first, so that a superscript does not become a digit.
    """
    if text.isascii():  # the same result, some twenty times as fast
        return _NOT_ASCII_LETTERS.sub("", text.lower())
    kept = "".join(c for c in text if unicodedata.category(c) != "No")
    folded = unicodedata.normalize("NFKD", kept).casefold()
    return "".join(c for c in folded if c.isalpha() or c.isdecimal())


def digest(text: str, length: int) -> str:
    """Return the first `length` hex digits of the SHA-256 of `text`; empty for empty text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def pieces(normal: str) -> list[str]:
    """Return the overlapping pieces of a normalised text, the last flush with its end."""
    if len(normal) < PIECE:
        return []
    starts = list(range(0, len(normal) - PIECE + 1, STEP))
    if starts[-1] != len(normal) - PIECE:
        starts.append(len(normal) - PIECE)
    return [normal[s : s + PIECE] for s in starts]


def fingerprint(text: str, segments: Sequence[tuple[int, int]]) -> str:
    """Return the fingerprint of the passage made of `segments` (start, end) of `text`.

    Offsets are Unicode code points of the text as given.
    """
    normal = normalise("".join(text[start:end] for start, end in segments))
    before, after = _context(text, segments[0][0], segments[-1][1])
    return ";".join(
        [
            "f1",
            str(len(normal)),
            digest(normal, 16),
            digest(before, 8),
            digest(after, 8),
            ".".join(digest(piece, 8) for piece in pieces(normal)),
        ]
    )


def _context(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the normalised characters before `start` and after `end`, 32 of each if there are."""
    before = after = ""
    for reach in (NEAR, FAR):
        if len(before) < CONTEXT:
            before = normalise(text[max(0, start - reach) : start])[-CONTEXT:]
        if len(after) < CONTEXT:
            after = normalise(text[end : end + reach])[:CONTEXT]
    return before, after


def read_pieces(value: str) -> tuple[int, str, str, str, list[str]]:
    """Split a fingerprint into length, whole, before, after and piece hashes.

    Raises ValueError when `value` is no fingerprint of version f1.
    """
    version, length, whole, before, after, rest = value.split(";")
    if version != "f1":
        raise ValueError(f"not a fingerprint of version f1: {version}")
    return int(length), whole, before, after, rest.split(".") if rest else []


def piece_hashes(normal: str) -> Iterable[str]:
    """Yield the hash of every piece-long window of a normalised text, in order."""
    for start in range(len(normal) - PIECE + 1):
        yield digest(normal[start : start + PIECE], 8)
