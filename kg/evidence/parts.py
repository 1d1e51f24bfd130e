"""The parts of a source: sections, paragraphs, tables, cells, notes, with their offsets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catchup.kg.errors import CannotRun, InputError, Where
from catchup.kg.reading.tree import Mapping, Scalar, Sequence, read_tree

#: Kinds of part that are never inside a segment: they interrupt the authors' text.
ARTEFACTS = frozenset({"EditorComment", "PageFurniture", "Footnote"})


@dataclass(frozen=True)
class Part:
    """One part: `start` and `end` are code point offsets into the source's text."""

    id: str
    kinds: tuple[str, ...]
    start: int
    end: int
    parent: str | None
    label: str
    row_head: str
    column_head: str
    waiver: str


def read_parts(path: Path) -> dict[str, Part]:
    """Read `parts.yaml` into parts by id, in file order.

    Raises InputError for a part without id or offsets, CannotRun when there is no such file.
    """
    if not path.is_file():
        raise CannotRun(f"There is no {path}.", remedy="Cut the source into parts first.")
    tree = read_tree(path.read_text(encoding="utf-8"), str(path), [])
    nodes = tree.get("nodes") if isinstance(tree, Mapping) else None
    parts: dict[str, Part] = {}
    for block in nodes.items if isinstance(nodes, Sequence) else ():
        if not isinstance(block, Mapping):
            continue
        name, start, end = block.text("id"), block.text("partStart"), block.text("partEnd")
        if name is None or start is None or end is None:
            raise InputError(
                "A part lacks its id or its offsets.",
                where=Where(str(path), block.where.line),
                remedy="Give id, partStart and partEnd.",
            )
        kinds = block.get("type")
        texts = kinds.items if isinstance(kinds, Sequence) else [kinds]
        parts[name] = Part(
            name,
            tuple(x.text for x in texts if isinstance(x, Scalar)),
            int(start),
            int(end),
            block.text("partOf"),
            block.text("label") or "",
            block.text("rowHead") or "",
            block.text("columnHead") or "",
            block.text("waiver") or "",
        )
    return parts
