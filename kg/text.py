"""Texts made comparable: the one way in which names are normalised for look-ups."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile(r"[^\w]+", re.UNICODE)


def norm(text: str) -> str:
    """Return `text` case-folded, accents and punctuation removed, spaces single."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(_MARKS.sub(" ", plain).replace("_", " ").split())
