"""Whether anything changed since the last build: a hash over the inputs' contents.

Size and time of each file are remembered, so that an unchanged tree is recognised without reading
it; a changed time alone (a fresh clone, a `touch`) only costs the reading.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from catchup.kg.snapshot.manifest import write_durably

NAME = "stamp.json"


class Stamp:
    """The remembered state of the input files, kept in the home folder."""

    def __init__(self, home: Path) -> None:
        self.path = home / NAME
        try:
            self.known: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def of(self, files: Iterable[tuple[str, Path]]) -> tuple[str, dict[str, Any]]:
        """Return the hash over `files` (with the names they go by) and what to remember."""
        remembered = self.known.get("files", {})
        total = hashlib.sha256()
        seen: dict[str, Any] = {}
        for name, path in sorted(files):
            state = path.stat()
            entry = remembered.get(name)
            if not entry or entry[:2] != [state.st_size, state.st_mtime_ns]:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                entry = [state.st_size, state.st_mtime_ns, digest]
            seen[name] = entry
            total.update(f"{name} {entry[2]}\n".encode())
        return total.hexdigest(), seen

    def save(self, inputs: str, files: dict[str, Any], id: str, caches: dict[str, str]) -> None:
        """Remember that `inputs` gave the snapshot `id`, and the results in `caches`."""
        content = {"inputs": inputs, "files": files, "id": id, "caches": caches}
        write_durably(self.path, json.dumps(content).encode())
