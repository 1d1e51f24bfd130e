"""Names and identifiers as tables write them, and what is left without their trimmings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from catchup.kg.text import norm

#: Legal forms and words of corporate structure that stand at the end of a firm's name (normalised).
#: Not "bank", "foundation", "college", "chemical": those name another thing.
_FORMS = frozenset(
    [
        "ab", "ag", "aktiengesellschaft", "bv", "co", "company", "corp", "corporation", "gmbh",
        "group", "holding", "holdings", "inc", "incorporated", "kg", "kgaa", "kk", "limited", "llc",
        "ltd", "nv", "oy", "oyj", "plc", "pte", "pty", "publ", "public", "sa", "sarl", "sas", "se",
        "sgps", "spa",
    ]
)  # fmt: skip
#: The same in Chinese, which writes them without spaces, longest first.
_FORMS_ZH = (
    "股份有限公司", "有限责任公司", "控股有限公司", "有限公司", "控股集团", "集团", "控股", "公司",
)  # fmt: skip
_BRACKETS = re.compile(r"[(（\[]([^()（）\[\]]*)[)）\]]\s*$")
#: Ways of writing an identifier whose own characters are the first group.
_WRITTEN = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        r"(?:https?://)?(?:www\.|m\.)?wikidata\.org/(?:wiki|entity)/(?:Special:EntityData/)?(Q\d+)",
        r"(?:wd|wikidata)\s*:\s*(Q\d+)",
        r"(?:https?://)?(?:www\.)?ror\.org/(0[a-z0-9]{8})|ror\s*:\s*(0[a-z0-9]{8})",
        r"(?:(?:https?://)?(?:www\.)?isni\.org/(?:isni/)?|isni\s*:?\s*)?"
        r"((?:\d{4}[ -]?){3}\d{3}[\dX])",
        r"(?:grid|lei|isin)\s*:\s*([\w.]+)",
        r"isic(?:\s*rev\.?\s*4)?\s*:?\s*([A-U]|\d{2,4})",
    )
)
_DOI = re.compile(
    r"(?:doi\s*:\s*|(?:https?://)?(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE
)
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.\s?){2,}")


def core(name: str) -> str:
    """Return the normalised name without legal forms: 'Siemens AG' and 'Siemens' give the same."""
    joined = _DOTTED.sub(lambda m: re.sub(r"[.\s]", "", m[0]) + " ", name)
    words = norm(joined.replace("&", " and ")).split()
    while len(words) > 1 and (words[-1] in _FORMS or words[-1] == "and"):
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words.pop(0)
    text = " ".join(words)
    stripped = True
    while stripped:
        stripped = False
        for form in _FORMS_ZH:
            if text.endswith(form) and len(text) - len(form) >= 2:
                text, stripped = text.removesuffix(form).strip(), True
    return text


def bracketed(name: str) -> tuple[str, str]:
    """Return a name without the brackets at its end, and what stood in them ("" if none).

    A legal form in brackets says nothing: 'Ericsson (publ)'.
    """
    match = _BRACKETS.search(name)
    if not match or not name[: match.start()].strip():
        return name, ""
    inner = match[1].strip()
    return name[: match.start()].strip(), "" if norm(inner) in _FORMS else inner


def simplified(text: str) -> str:
    """Return `text` with traditional Chinese characters as simplified ones."""
    return text.translate(_simple())


def squeezed(name: str) -> str:
    """Return a name's letters and digits alone: 'W-CDMA', 'Hua Wei' and 'Hai\'er' as one word."""
    return core(name).replace(" ", "")


def turned(name: str) -> str:
    """Return the words of a name in alphabetical order: 'Li Jizhen' and 'Jizhen Li' are one person."""
    return " ".join(sorted(norm(name).split()))


@cache
def _simple() -> dict[int, int]:
    # lines of traditional characters, each with the line of simplified ones below; the 2,626 pairs
    # of one character each on which two converters agree (hanziconv 0.3.2, OpenCC's tables)
    lines = Path(__file__).with_name("traditional.txt").read_text(encoding="utf-8").splitlines()
    return str.maketrans("".join(lines[::2]), "".join(lines[1::2]))


def identifier(text: str) -> str:
    """Return an identifier as the index has it: 'ISNI 0000 0000 8743 5787' without its blanks.

    What is no identifier comes back as it was.
    """
    if match := _DOI.fullmatch(text):
        return "doi:" + match[1].lower()
    for pattern in _WRITTEN:
        if match := pattern.fullmatch(text):
            return re.sub(r"[ -]", "", next(g for g in match.groups() if g))
    return text
