"""A YAML document as a tree of texts with positions: no tags, no types, no surprises.

Plain YAML loading guesses types (`NO` becomes false, `0123` becomes 83), keeps the last of two
equal keys, and expands aliases without bound. Here every scalar is text, and equal keys, anchors,
aliases and tags are errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import yaml

from catchup.kg.errors import Problem, SyntaxProblem, Where

#: Deepest nesting of an entry; the sources' entries reach 6.
MAX_DEPTH = 12


@dataclass
class Scalar:
    """A text with its place, and the offsets of its first and last character in the file."""

    text: str
    where: Where
    start: int
    end: int


@dataclass
class Sequence:
    """A list of nodes."""

    items: list[Node]
    where: Where
    start: int
    end: int


@dataclass
class Mapping:
    """Keys (with their places) and values, in file order."""

    entries: dict[str, tuple[Scalar, Node]]
    where: Where
    start: int
    end: int

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def text(self, key: str) -> str | None:
        """Return the text under `key`, or None when it is absent or no text."""
        node = self.get(key)
        return node.text if isinstance(node, Scalar) else None


Node: TypeAlias = Scalar | Sequence | Mapping


def read_tree(text: str, file: str, problems: list[Problem]) -> Node | None:
    """Compose `text` (YAML 1.1 syntax) into a tree; None for an empty document.

    Structural faults are appended to `problems`. Raises SyntaxProblem (line, column) for text that
    is not YAML at all.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            anchor = getattr(event, "anchor", None)
            if anchor or isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                raise SyntaxProblem(
                    f"The entry uses the anchor or alias '{anchor}'.",
                    where=Where(file, mark.line + 1, mark.column + 1) if mark else Where(file),
                    remedy="Write the value out in full; anchors and aliases are not read.",
                )
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.reader.ReaderError as error:
        raise SyntaxProblem(
            f"The text has a character that YAML does not allow (U+{ord(str(error.character)):04X})."
            if isinstance(error.character, str) and len(error.character) == 1
            else "The text is not valid UTF-8.",
            where=Where(file, text[: error.position].count("\n") + 1),
            remedy="Remove the character, or save the file as UTF-8.",
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(x for x in (error.context, error.problem) if x)
        where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
        raise SyntaxProblem(
            f"This is not YAML: {said}.",
            where=where,
            remedy="Mind the indentation; put text with ': ' or '#' in double quotes.",
        ) from None
    return _node(node, file, problems, 0) if node is not None else None


def _where(node: yaml.Node, file: str, field: str | None = None) -> Where:
    return Where(file, node.start_mark.line + 1, node.start_mark.column + 1, field)


def _node(node: yaml.Node, file: str, problems: list[Problem], depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise SyntaxProblem(
            f"The entry is nested more than {MAX_DEPTH} levels deep.",
            where=_where(node, file),
            remedy="Give inner blocks an id of their own and refer to it.",
        )
    span = (node.start_mark.index, node.end_mark.index)
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, _where(node, file), *span)
    if isinstance(node, yaml.SequenceNode):
        items = [_node(x, file, problems, depth + 1) for x in node.value]
        return Sequence(items, _where(node, file), *span)
    entries: dict[str, tuple[Scalar, Node]] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(
                Problem("A key is not a plain word.", _where(key_node, file), "Write one word.")
            )
            continue
        key = Scalar(
            key_node.value,
            _where(key_node, file, key_node.value),
            key_node.start_mark.index,
            key_node.end_mark.index,
        )
        if key.text in entries:
            first = entries[key.text][0].where.line
            problems.append(
                Problem(
                    f"The key '{key.text}' stands twice in this block (first in line {first}).",
                    key.where,
                    "Keep one; for several values write a list.",
                )
            )
            continue
        entries[key.text] = (key, _node(value_node, file, problems, depth + 1))
    return Mapping(entries, _where(node, file), *span)
