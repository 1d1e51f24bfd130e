"""Answers within a byte budget: how much fits, and how to go on. Nothing is left out silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

#: Bytes of one answer to an agent: some 5,000 tokens, a fortieth of a usual context.
BUDGET = 20_000
#: Characters of one value; longer ones are cut and say so.
LONGEST = 2_000


def size(data: Any) -> int:
    """Return the bytes that `data` takes as JSON."""
    return len(json.dumps(data, ensure_ascii=False).encode())


def shortened(text: str) -> str:
    """Return `text`, or its beginning with a note of how much is left out."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} [cut here: {len(text) - LONGEST:,} more characters]"


def fitting(items: Sequence[Any], offset: int, limit: int, spent: int) -> tuple[list[Any], bool]:
    """Return the items from `offset` on that fit in the budget, and whether more follow.

    At least one item is given, so that going on always ends.
    """
    kept: list[Any] = []
    for item in items[offset : offset + limit]:
        spent += size(item) + 2
        if kept and spent > BUDGET:
            break
        kept.append(item)
    return kept, offset + len(kept) < len(items)


def page(
    name: str, items: Sequence[Any], offset: int, limit: int, again: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return an answer with `items` under `name`, told apart when empty, and how to go on.

    `again` holds the arguments of the call, repeated in `next` with the new offset.
    """
    kept, has_more = fitting(items, offset, limit, size(more) + size(again) + 400)
    out: dict[str, Any] = {
        "status": "ok" if kept else "empty",
        **more,
        name: kept,
        "total": len(items),
        "hasMore": has_more,
    }
    if has_more:
        out["next"] = {**again, "offset": offset + len(kept)}
    if not kept and offset and items:
        out["note"] = f"There are only {len(items)}; the offset is beyond the last."
    return out
