"""The numbers that a text states: in digits, in words, with magnitudes, months and decades."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = {
    word: float(number)
    for number, forms in {
        0: "zero",
        1: "one once first single",
        2: "two twice second both pair double",
        3: "three third thrice",
        4: "four fourth",
        5: "five fifth",
        6: "six sixth",
        7: "seven seventh",
        8: "eight eighth",
        9: "nine ninth",
        10: "ten tenth",
        11: "eleven eleventh",
        12: "twelve twelfth dozen",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "hundred",
    }.items()
    for word in forms.split()
}
MAGNITUDES = {
    "thousand": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}
#: Shares in words, as per cent.
FRACTIONS = {"half": 50.0, "quarter": 25.0, "two-thirds": 200 / 3, "one-third": 100 / 3}
#: Number words that a label counts with; "one" and the ordinals mostly point rather than count.
COUNTING = frozenset(
    {word for word, number in WORDS.items() if 2 <= number <= 30 and word[-2:] not in ("th", "rd")}
    - {"twice", "second", "both", "pair", "double", "third", "thrice", "dozen"}
)
MONTH_NAMES = [
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
]
MONTHS = [name[:3].lower() for name in MONTH_NAMES]
ROMAN = {"i": 1.0, "ii": 2.0, "iii": 3.0, "iv": 4.0}

_NUMBER = re.compile(
    r"(?<!\w)(?<!\d\.)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(s\b|st\b|nd\b|rd\b|th\b)?"
    r"(?:\s*-?\s*(thousand|million|billion|trillion|bn|m)\b)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b(\d{4})\.(\d{1,2})\.(\d{1,2})\b")
_WORD_SCALED = re.compile(r"\b([a-z]+)[ -](thousand|million|billion|trillion)\b", re.IGNORECASE)
_SHORT_RANGE = re.compile(r"\b(\d{4})\s?[-–/]\s?(\d{2})\b")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


def stated(text: str) -> set[float]:
    """Return every number that `text` states, in all the ways it may be meant.

    A number with a magnitude is given both scaled and bare; `1990s` gives all years of the decade,
    `2013-14` both years, `2018.7.20` its parts, a month
    its number.
    """
    found: set[float] = set()
    for match in _NUMBER.finditer(text):
        value = float(match[1].replace(",", ""))
        found.add(value)
        if match[3]:
            found.add(round(value * MAGNITUDES[match[3].lower()], 6))
        if match[2] == "s" and value % 10 == 0:
            found.update(value + year for year in range(10))
    for match in _DATE.finditer(text):
        found.update(float(group) for group in match.groups())
    for match in _WORD_SCALED.finditer(text):
        if match[1].lower() in WORDS:
            found.add(WORDS[match[1].lower()] * MAGNITUDES[match[2].lower()])
    for match in _SHORT_RANGE.finditer(text):
        found.add(float(match[1][:2] + match[2]))
    for word in _WORD.findall(text):
        found.update(_of_word(word.lower()))
    return found


def written(text: str) -> set[float]:
    """Return the numbers that a label states: digits, number words it counts with, months."""
    found: set[float] = set()
    for match in _NUMBER.finditer(text):
        value = float(match[1].replace(",", ""))
        scale = MAGNITUDES[match[3].lower()] if match[3] else 1.0
        found.add(round(value * scale, 6))
    for word in _WORD.findall(text):
        if word.lower() in COUNTING:
            found.add(WORDS[word.lower()])
        elif word in MONTH_NAMES:
            found.add(float(MONTH_NAMES.index(word) + 1))
    return found


def missing(numbers: Iterable[float], among: set[float]) -> list[float]:
    """Return those of `numbers` that are not among the stated ones."""
    return sorted(n for n in set(numbers) if not any(abs(n - a) <= 1e-6 * abs(a) for a in among))


def shown(number: float) -> str:
    """Return a number without a needless fraction."""
    return str(int(number)) if number == int(number) else str(number)


def _of_word(word: str) -> set[float]:
    found: set[float] = set()
    if word in FRACTIONS:
        found |= {round(FRACTIONS[word], digits) for digits in (0, 1, 2)} | {1.0}
    if word[:3] in MONTHS and len(word) <= 9:
        found.add(float(MONTHS.index(word[:3]) + 1))
    if word in ROMAN:
        found.add(ROMAN[word])
    parts = word.split("-")
    known = [WORDS[p] for p in parts if p in WORDS]
    found.update(known)
    if len(known) == 2 and known[0] >= 20 > known[1]:
        found.add(sum(known))
    return found
