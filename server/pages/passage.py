"""The words of a passage, from the text of its source, where the server was given the texts."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from catchup.kg.errors import CannotRun
from catchup.kg.evidence.sources import read_text

_NAME = re.compile(r"[a-z0-9-]{1,60}")


@lru_cache(8)
def _text(path: Path, stamp: int) -> tuple[str, str]:
    text = read_text(path)
    return text, hashlib.sha256(text.encode()).hexdigest()


def passage(folder: Path | None, name: str, sha256: str, segments: list[tuple[int, int]]) -> str:
    """Return the words of the segments, joined by an ellipsis; "" where they cannot be shown.

    They can be shown when the server has the text of the source `name` with that hash.
    """
    if folder is None or not _NAME.fullmatch(name):
        return ""
    path = folder / f"{name}.txt"
    try:
        text, found = _text(path, path.stat().st_mtime_ns)
    except (OSError, CannotRun):
        return ""
    if found != sha256:
        return ""
    pieces = [" ".join(text[a:b].split()) for a, b in sorted(segments) if 0 <= a < b <= len(text)]
    return " … ".join(pieces)
