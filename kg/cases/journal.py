"""The kept cases: every version of each, as files that survive a crash at any moment.

`HOME/cases/ID/` holds for each version N two files: `NNNN.<format>`, the case as it was sent, and
`NNNN.json`, its record. The record's appearing is the one moment at which a version exists: it is
linked to its name only after both files and the folder are on the disk. A version's name can be
taken once, so of two writers one is told that it came too late. Nothing is ever changed, except
that erasing (interview data) empties the content of all versions.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from catchup.kg.errors import CannotRun, InputError, NotFound

#: How the files of a version end, where it is not the name of the format.
SUFFIXES = {"turtle": "ttl"}
State = Literal["pending", "refused", "accepted", "withdrawn", "erased"]
#: States of which only the author and those who accept cases know.
UNSEEN = ("pending", "refused")


class CaseConflict(InputError):
    """Someone has done this already: the id is taken, or the case has changed since."""

    title = "The case is in conflict with what is there"
    kind = "case-conflict"
    status = 409


class CaseChanged(InputError):
    """The version that was to be revised is no longer the newest."""

    title = "The case has changed since"
    kind = "case-changed"
    status = 412


class StorageFull(CannotRun):
    """The disk is full; nothing was changed."""

    title = "There is no room left"
    kind = "storage-full"
    status = 507


@dataclass(frozen=True)
class Version:
    """One version of a case: what it is, who made it, when, with which tool."""

    case: str
    number: int
    state: State
    title: str
    agent: str
    orcid: str
    at: str
    tool: str
    licence: str
    graph: str
    format: str = ""
    sha256: str = ""
    note: str = ""

    @property
    def etag(self) -> str:
        """What names this version to HTTP."""
        text = f"{self.case} {self.number} {self.state} {self.sha256}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class Journal:
    """The cases kept in one home folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "cases"

    def ids(self) -> list[str]:
        """Return the ids of all cases that ever were."""
        try:
            return sorted(p.name for p in self.folder.iterdir() if self._numbers(p.name))
        except FileNotFoundError:
            return []

    def versions(self, case: str) -> list[Version]:
        """Return the versions of a case, oldest first; none when there is no such case."""
        return [self._read(case, n) for n in self._numbers(case)]

    def newest(self, case: str) -> Version:
        """Return the newest version. Raises NotFound."""
        numbers = self._numbers(case)
        if not numbers:
            raise NotFound(f"There is no case '{case}'.", remedy="'catchup cases' lists them.")
        return self._read(case, numbers[-1])

    def shown(self, case: str) -> Version | None:
        """Return the version that is part of the graph, if one is."""
        for version in reversed(self.versions(case)):
            if version.state not in UNSEEN:
                return version if version.state == "accepted" else None
        return None

    def content(self, version: Version) -> bytes:
        """Return the case as it was sent. Raises NotFound when it was erased."""
        try:
            return self._path(version.case, version.number, version.format).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"The content of the case '{version.case}' was erased.") from None

    def quads(self, version: Version) -> bytes:
        """Return the statements of a version as N-Quads; none when it was erased."""
        try:
            return self._path(version.case, version.number, "nq").read_bytes()
        except FileNotFoundError:
            return b""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the journal for writing; a second writer waits."""
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
                _sync_folder(self.folder.parent)
            handle = (self.folder / ".lock").open("w")
        except OSError as error:
            raise _cannot(error, self.folder) from None
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def append(self, version: Version, content: bytes = b"", quads: bytes = b"") -> None:
        """Add a version durably, with its content as sent and its statements as N-Quads.

        Call it while `writing`, so that no one else writes the same content.

        Raises CaseConflict when that number is taken, StorageFull or CannotRun when it cannot be
        written; the journal is then as it was.
        """
        folder = self.folder / version.case
        drafts: list[Path] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.folder)
            record = json.dumps(asdict(version), ensure_ascii=False, indent=1).encode()
            if version.format:
                path = self._path(version.case, version.number, version.format)
                self._write(path, content, drafts)
                self._write(self._path(version.case, version.number, "nq"), quads, drafts)
            self._write(self._path(version.case, version.number, "json"), record, drafts, once=True)
        except FileExistsError:
            raise CaseConflict(
                f"Version {version.number} of the case '{version.case}' was just made by another.",
                remedy="Read the case again, then revise what is there now.",
            ) from None
        except OSError as error:
            raise _cannot(error, folder) from None
        finally:
            for draft in drafts:
                draft.unlink(missing_ok=True)

    def erase(self, case: str) -> None:
        """Delete the content of all versions of a case for good; the records stay."""
        for version in self.versions(case):
            for suffix in (version.format, "nq") if version.format else ():
                with contextlib.suppress(FileNotFoundError):
                    path = self._path(case, version.number, suffix)
                    size = path.stat().st_size
                    with path.open("r+b") as file:
                        file.write(b"\0" * size)
                        os.fsync(file.fileno())
                    path.unlink()
        _sync_folder(self.folder / case)

    def retract(self, version: Version) -> None:
        """Take back a version that could not be published and that nobody was told of."""
        for suffix in ("json", version.format, "nq"):
            if suffix:
                self._path(version.case, version.number, suffix).unlink(missing_ok=True)
        _sync_folder(self.folder / version.case)

    def tidy(self) -> None:
        """Delete what a crash left behind: drafts, and contents without a record."""
        if not self.folder.is_dir():
            return
        for folder in [p for p in self.folder.iterdir() if p.is_dir()]:
            numbers = {f"{n:04}" for n in self._numbers(folder.name)}
            for path in folder.iterdir():
                if path.name.split(".")[0] not in numbers:
                    path.unlink(missing_ok=True)

    # -- files -----------------------------------------------------------------------------------
    def _numbers(self, case: str) -> list[int]:
        folder = self.folder / case
        if not folder.is_dir() or case.startswith("."):
            return []
        return sorted(int(p.stem) for p in folder.glob("[0-9]*.json"))

    def _path(self, case: str, number: int, suffix: str) -> Path:
        return self.folder / case / f"{number:04}.{SUFFIXES.get(suffix, suffix)}"

    def _read(self, case: str, number: int) -> Version:
        path = self._path(case, number, "json")
        try:
            return Version(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise CannotRun(f"{path} cannot be read: {error}.") from None

    def _write(self, path: Path, content: bytes, drafts: list[Path], *, once: bool = False) -> None:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        drafts.append(draft)
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if once:
            os.link(draft, path)
        else:
            os.replace(draft, path)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot(error: OSError, folder: Path) -> CannotRun:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            "The disk is full; nothing was stored.", remedy="Free some room and send it again."
        )
    return CannotRun(
        f"{folder} cannot be written: {error.strerror}.",
        remedy="Name another folder with --home or CATCHUP_HOME.",
    )
