"""The schema card: the pattern of the graph on one page, for those who write queries."""

from __future__ import annotations

from pathlib import Path

_CARD = Path(__file__).with_name("schema_card.md")


def card() -> str:
    """Return the schema card, as Markdown."""
    return _CARD.read_text(encoding="utf-8")
