"""The one canonical form of entries: a tree written as YAML.

Order and layout follow from the content alone, so formatting twice changes nothing. Comments on
lines of their own stay before the block that they introduce.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from typing import Any

from catchup.kg.reading.tree import Mapping, Node, Scalar, Sequence

WIDTH = 100
FIRST = ("claim", "id", "key", "type", "label", "labelZh", "altLabel", "altLabelZh")
LAST = ("evidence", "contextEvidence", "basedOnClaim", "note")
TOP = ("graph", "case", "defaults", "nodes", "claims")
PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`~=<](?:[^\n\t]*[^\s])?\Z")
#: Plain texts that YAML 1.1 readers other than ours would take for something else than a text.
GUESSED = re.compile(r"(?:null|true|false|yes|no|on|off|y|n|\.nan|[-+]?\.inf)\Z", re.IGNORECASE)

Plain = str | list[Any] | dict[str, Any]


def plain(node: Node) -> Plain:
    """Return a tree as texts, lists and dictionaries."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, (_, value) in node.entries.items()}


def comments(text: str, tree: Mapping) -> dict[int, list[str]]:
    """Return the comment lines of `text` by the line of the top-level key or block they precede."""
    starts = sorted(
        {key.where.line or 0 for key, _ in tree.entries.values()}
        | {
            item.where.line or 0
            for _, value in tree.entries.values()
            if isinstance(value, Sequence)
            for item in value.items
        }
    )
    found: dict[int, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            after = next((s for s in starts if s > number), 0)
            found.setdefault(after, []).append(line.strip())
    return found


def render_file(text: str, tree: Mapping) -> str:
    """Return the canonical form of the entry `text`, whose tree is `tree`."""
    said = comments(text, tree)
    lines: list[str] = []
    order = [k for k in TOP if k in tree.entries] + [k for k in tree.entries if k not in TOP]
    for name in order:
        key, value = tree.entries[name]
        lines += said.get(key.where.line or 0, [])
        if isinstance(value, Sequence):
            lines.append(f"{name}:")
            for item in value.items:
                if (item.where.line or 0) != (key.where.line or 0):
                    lines += said.get(item.where.line or 0, [])
                lines += _item(plain(item), "")
        else:
            lines += _entry(name, plain(value), "")
    lines += said.get(0, [])
    return "\n".join(lines) + "\n"


def render(content: MappingType[str, Any]) -> str:
    """Return the canonical form of an entry given as plain data (`graph`, `nodes`, `claims`)."""
    lines: list[str] = []
    for name in [k for k in TOP if k in content]:
        value = content[name]
        if isinstance(value, list):
            lines.append(f"{name}:")
            for item in value:
                lines += _item(item, "")
        else:
            lines += _entry(name, value, "")
    return "\n".join(lines) + "\n"


def _item(value: Plain, indent: str) -> list[str]:
    if isinstance(value, str):
        return [f"{indent}- {_scalar(value)}"]
    if isinstance(value, list):
        return [f"{indent}- {_flow(value)}"]
    if "claim" not in value and _fits(value, len(indent) + 2):
        return [f"{indent}- {_flow(value)}"]
    lines = _block(value, indent + "  ")
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def _block(value: dict[str, Any], indent: str) -> list[str]:
    return [line for k in _ordered(value) for line in _entry(k, value[k], indent)] or [
        indent + "{}"
    ]


def _entry(name: str, value: Plain, indent: str) -> list[str]:
    if isinstance(value, str):
        return [f"{indent}{name}: {_scalar(value)}".rstrip()]
    if isinstance(value, list):
        short = all(isinstance(x, str) for x in value)
        if short and _fits(value, len(indent) + len(name) + 2):
            return [f"{indent}{name}: {_flow(value)}"]
        return [f"{indent}{name}:", *(line for x in value for line in _item(x, indent))]
    if _fits(value, len(indent) + len(name) + 2) and all(
        isinstance(x, str) for x in value.values()
    ):
        return [f"{indent}{name}: {_flow(value)}"]
    return [f"{indent}{name}:", *_block(value, indent + "  ")]


def _ordered(value: dict[str, Any]) -> list[str]:
    first = [k for k in FIRST if k in value]
    last = [k for k in LAST if k in value]
    return first + [k for k in value if k not in FIRST and k not in LAST] + last


def _fits(value: list[Any] | dict[str, Any], column: int) -> bool:
    return column + len(_flow(value)) <= WIDTH


def _flow(value: Plain) -> str:
    if isinstance(value, str):
        return _scalar(value, flow=True)
    if isinstance(value, list):
        return "[" + ", ".join(_flow(x) for x in value) + "]"
    return "{" + ", ".join(f"{k}: {_flow(value[k])}" for k in _ordered(value)) + "}"


def _scalar(text: str, flow: bool = False) -> str:
    bad = ": " in text or " #" in text or text.endswith(":") or bool(GUESSED.match(text))
    if flow:
        bad = bad or any(c in text for c in ",[]{}?")
    if text and not bad and PLAIN.match(text):
        return text
    if not text and not flow:
        return ""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    return f'"{escaped}"'
