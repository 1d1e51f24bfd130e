"""Proper names: which stand in a label, and under which forms a text may speak of their bearers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from catchup.kg.errors import InputError, Where
from catchup.kg.evidence.values import MONTH_NAMES
from catchup.kg.text import norm

LIST = Path(__file__).with_name("names.yaml")

_CAPITAL = re.compile(r"(?<![\w])[A-Z][\w&]*(?:[-'’/][A-Za-z\w]+)*")
_SENTENCE_END = re.compile(r"(?:^|[.!?:;(\"“]\s*)$")


@dataclass(frozen=True)
class Names:
    """The maintained list: further forms of a name by node, and capitals that are no names."""

    forms: dict[str, list[str]]
    words: dict[str, list[str]]
    plain: frozenset[str]
    lower: frozenset[str] = field(default=frozenset())

    def of(self, node: str, labels: Iterable[str]) -> list[str]:
        """Return all forms under which a text may name `node`."""
        return [*labels, *self.forms.get(node, ())]

    def capitals(self, text: str) -> list[str]:
        """Return the words of `text` that are proper names by their capital letter.

        A word that begins a sentence counts only when it is never written small.
        """
        found = []
        for match in _CAPITAL.finditer(text):
            word = match[0].removesuffix("'s").removesuffix("’s").strip("'’")
            if word in self.plain or word in MONTH_NAMES:
                continue
            first = _SENTENCE_END.search(text[: match.start()]) is not None
            if first and (len(word) == 1 or norm(word) in self.lower):
                continue
            found.append(word)
        return found

    def stands_in(self, word: str, text: str) -> bool:
        """Say whether `text` (normalised) contains the word or a form the list gives for it."""
        return any(contains(text, form) for form in (word, *self.words.get(word, ())))


def read_names(path: Path = LIST) -> Names:
    """Read the list. Raises InputError when it is not of the form that its head describes."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return Names(
            {k: [str(x) for x in v] for k, v in content["nodes"].items()},
            {k: [str(x) for x in v] for k, v in content["words"].items()},
            frozenset(str(x) for x in content["plain"]),
        )
    except (KeyError, AttributeError, TypeError) as error:
        raise InputError(
            f"The list of names is not as it should be: {error}.",
            where=Where(str(path)),
            remedy="Give 'nodes', 'words' (each a list of forms by name) and 'plain' (a list).",
        ) from None


def small_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words that stand somewhere in `texts` without a capital letter."""
    return frozenset(
        norm(w) for text in texts for w in re.findall(r"(?<![\w])[a-zà-ÿ][\w-]*", text) if norm(w)
    )


def contains(text: str, form: str) -> bool:
    """Say whether the normalised `text` has `form` as whole words, a plural or genitive allowed."""
    wanted = norm(form)
    return bool(wanted) and re.search(rf"\b{re.escape(wanted)}(?:s|es)?\b", text) is not None
