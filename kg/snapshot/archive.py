"""Backup and restore of the home folder: entered cases, snapshot, caches, in one file."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path, PurePosixPath

from catchup.kg.errors import CannotRun, InputError, Where
from catchup.kg.snapshot.build import lock

LEFT_OUT = ("lock", "log")


def backup(home: Path, target: Path) -> int:
    """Write all of `home` to the gzipped tar file `target`; return the number of files.

    Writers wait meanwhile. Raises CannotRun when there is nothing to back up or no room.
    """
    if not home.is_dir():
        raise CannotRun(f"There is no folder {home}.", remedy="Name it with --home.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with lock(home), tarfile.open(draft, "w:gz", compresslevel=6) as archive:
            files = sorted(p for p in home.rglob("*") if p.is_file() and p.name not in LEFT_OUT)
            for path in files:
                archive.add(path, path.relative_to(home).as_posix(), recursive=False)
        os.replace(draft, target)
        return len(files)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CannotRun(f"{target} could not be written: {error.strerror}.") from None


def restore(home: Path, source: Path) -> int:
    """Unpack the backup `source` into `home`, which must be empty; return the number of files.

    Raises InputError for a file that is no backup or that would write outside `home`, CannotRun
    when `home` is not empty or cannot be written.
    """
    if home.exists() and any(p.name not in LEFT_OUT for p in home.iterdir()):
        raise CannotRun(f"{home} is not empty.", remedy="Name an empty folder with --home.")
    try:
        with tarfile.open(source, "r:gz") as archive:
            members = archive.getmembers()
            for member in members:
                path = PurePosixPath(member.name)
                if not member.isfile() or path.is_absolute() or ".." in path.parts:
                    raise InputError(
                        f"'{member.name}' does not belong in a backup.", where=Where(str(source))
                    )
            home.mkdir(parents=True, exist_ok=True)
            archive.extractall(home, members, filter="data")
            return len(members)
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"{source} is no backup: {error}.", where=Where(str(source))) from None
    except OSError as error:
        raise CannotRun(f"{error.filename or home}: {error.strerror}.") from None
