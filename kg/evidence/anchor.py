"""Making anchors: from a place and a search text to offsets and a fingerprint.

A draft passage has `part` and `find`; this tool replaces `find` by `segments` and `fingerprint`.
`first words ... last words` takes everything from the one to the other. What is absent from the
part or occurs there more than once is refused, never guessed.
"""

from __future__ import annotations

from pathlib import Path

from catchup.kg.errors import CatchupError, InputError, Problem, Where
from catchup.kg.evidence.fingerprint import fingerprint, normalise
from catchup.kg.evidence.parts import ARTEFACTS, Part, read_parts
from catchup.kg.reading.tree import Mapping, Node, Scalar, Sequence, read_tree

DATA = Path(__file__).resolve().parent.parent / "data"


def locate(text: str, part: Part, find: str) -> tuple[int, int]:
    """Return start and end of `find` inside `part` of `text`.

    Case, spacing and punctuation do not matter. Raises InputError when the words are absent from
    the part or stand in it more than once.
    """
    normal, offsets = _mapped(text, part.start, part.end)
    first, dots, last = find.partition(" ... ")
    head = normalise(first)
    if not head:
        raise InputError("The search text has no letters or digits.")
    at = normal.find(head)
    if at < 0:
        raise InputError(f"'{first[:60]}' does not stand in {part.id}.")
    if normal.find(head, at + 1) >= 0:
        raise InputError(
            f"'{first[:60]}' stands in {part.id} more than once.", remedy="Give more words."
        )
    end = at + len(head)
    if dots:
        tail = normalise(last)
        found = normal.find(tail, end)
        if not tail or found < 0:
            raise InputError(f"'{last[:60]}' does not stand in {part.id} after '{first[:40]}'.")
        end = found + len(tail)
    return offsets[at], offsets[end - 1] + 1


def segments(text: str, start: int, end: int, parts: dict[str, Part]) -> list[tuple[int, int]]:
    """Return `start`..`end` without the artefacts (editors' comments, page furniture) inside it."""
    found = [(start, end)]
    for part in parts.values():
        if not ARTEFACTS.intersection(part.kinds):
            continue
        cut: list[tuple[int, int]] = []
        for low, high in found:
            if part.start > low and part.end < high:
                cut += [(low, part.start), (part.end, high)]
            else:
                cut.append((low, high))
        found = cut
    trimmed = [_trim(text, low, high) for low, high in found]
    return [(low, high) for low, high in trimmed if normalise(text[low:high])]


def anchor_file(path: Path, sources: Path) -> tuple[int, list[Problem]]:
    """Replace every `find` in the entry at `path`; return how many, and what could not be placed."""
    written = path.read_text(encoding="utf-8")
    tree = read_tree(written, str(path), [])
    problems: list[Problem] = []
    edits: list[tuple[int, int, str]] = []
    for block in _passages(tree):
        key, value = block.entries["find"]
        try:
            lines = _anchor(block, value, sources)
        except CatchupError as error:
            where = Where(str(path), key.where.line, key.where.column, "find")
            problems.append(Problem(error.detail, where, error.remedy))
            continue
        flow = written[block.start] == "{"
        column = (key.where.column or 1) - 1
        joint = ", " if flow else "\n" + " " * column
        edits.append((key.start, value.end, joint.join(lines)))
    for start, end, replacement in sorted(edits, reverse=True):
        while written[end - 1] in "\n ":
            end -= 1
        written = written[:start] + replacement + written[end:]
    if edits:
        path.write_text(written, encoding="utf-8")
    return len(edits), problems


def _anchor(block: Mapping, value: Node, sources: Path) -> list[str]:
    name = block.text("part")
    if not name:
        raise InputError("The passage names no part.", remedy="Give 'part: ...'.")
    source = name.split("-")[0]
    parts = _parts(source)
    if name not in parts:
        raise InputError(f"'{name}' is no part of {source}.")
    text = _text(sources, source)
    finds = value.items if isinstance(value, Sequence) else [value]
    spans: list[tuple[int, int]] = []
    for find in finds:
        if not isinstance(find, Scalar):
            raise InputError("'find' takes texts.")
        start, end = locate(text, parts[name], " ".join(find.text.split()))
        spans += segments(text, start, end, parts)
    shown = ", ".join(f"{start}-{end}" for start, end in spans)
    return [f"segments: [{shown}]", f"fingerprint: {fingerprint(text, spans)}"]


_cache: dict[str, dict[str, Part]] = {}
_texts: dict[Path, str] = {}


def _parts(source: str) -> dict[str, Part]:
    if source not in _cache:
        _cache[source] = read_parts(DATA / source / "parts.yaml")
    return _cache[source]


def _text(sources: Path, source: str) -> str:
    path = sources / f"{source}.txt"
    if path not in _texts:
        # newline="" keeps the offsets: the sources are not to be rewritten on reading
        with path.open(encoding="utf-8", newline="") as file:
            _texts[path] = file.read()
    return _texts[path]


def _mapped(text: str, start: int, end: int) -> tuple[str, list[int]]:
    normal: list[str] = []
    offsets: list[int] = []
    for offset in range(start, end):
        for char in normalise(text[offset]):
            normal.append(char)
            offsets.append(offset)
    return "".join(normal), offsets


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _passages(node: Node | None) -> list[Mapping]:
    if isinstance(node, Mapping):
        own = [node] if "find" in node.entries else []
        return own + [m for _, value in node.entries.values() for m in _passages(value)]
    if isinstance(node, Sequence):
        return [m for item in node.items for m in _passages(item)]
    return []
