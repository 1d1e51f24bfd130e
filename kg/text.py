"""Texts made comparable: the one way in which names are normalised for look-ups."""

from __future__ import annotations

import re
import unicodedata

_HAN = re.compile("([\u3400-\u9fff])")
_MARKS = re.compile(r"[^\w]+", re.UNICODE)


def norm(text: str) -> str:
    """Return `text` case-folded, accents and punctuation removed, spaces single."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return " ".join(_MARKS.sub(" ", plain).replace("_", " ").split())


def tokens(normal: str) -> str:
    """Return what `norm` gave with Chinese characters apart: each is a word to look up."""
    return " ".join(_HAN.sub(r" \1 ", normal).split())
