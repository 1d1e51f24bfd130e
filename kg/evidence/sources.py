"""The texts of the sources, as given: read once, compared with the hash that is on record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from catchup.kg.errors import CannotRun, Problem, Where
from catchup.kg.evidence.parts import Part, read_parts


@dataclass(frozen=True)
class Source:
    """A source with its text and its parts, in file order."""

    name: str
    text: str
    sha256: str
    parts: dict[str, Part]

    def children(self, part: str) -> list[Part]:
        """Return the parts directly inside `part`."""
        return [p for p in self.parts.values() if p.parent == part]

    def ancestors(self, part: str) -> list[Part]:
        """Return `part` and all parts around it, the innermost first."""
        found: list[Part] = []
        at: str | None = part
        while at is not None and at in self.parts and len(found) < len(self.parts):
            found.append(self.parts[at])
            at = self.parts[at].parent
        return found


def read_source(folder: Path, name: str, data: Path) -> Source:
    """Read the text `folder/name.txt` and the parts `data/name/parts.yaml`.

    Raises CannotRun when either is absent or the text is not UTF-8.
    """
    path = folder / f"{name}.txt"
    text = read_text(path)
    return Source(
        name,
        text,
        hashlib.sha256(text.encode()).hexdigest(),
        read_parts(data / name / "parts.yaml"),
    )


def read_text(path: Path) -> str:
    """Read a text without touching its line ends. Raises CannotRun when that is not possible."""
    try:
        # newline="": offsets count the characters as they stand in the file
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        raise CannotRun(
            f"There is no {path}.", remedy="Give the folder of the source texts with --sources."
        ) from None
    except UnicodeDecodeError as error:
        raise CannotRun(f"{path} is not valid UTF-8 at byte {error.start}.") from None


def changed(source: Source, recorded: str, where: Where) -> Problem | None:
    """Return a problem when the text is not the one that the offsets were made for."""
    if source.sha256 == recorded:
        return None
    return Problem(
        f"The text of {source.name} has changed: its SHA-256 is {source.sha256[:16]}..., "
        f"on record is {recorded[:16]}...",
        where,
        "Check against the text as given; find the passages in another copy with --copy.",
    )
