"""What versions a curated claim had: read off the repository once, kept in data/history.csv.

A wheel and a snapshot have no repository, so the record is a file of the data:
`python -m catchup.kg.history SOURCES` writes it anew, before a release, from the commits that
changed claims; `make history` does. A row is a version of a claim: when it was committed, which of
its keys changed, and its label then, unless that label came too close to the words of the source.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from catchup.kg.errors import CannotRun
from catchup.kg.reading.files import DATA, ROOT
from catchup.kg.text import norm

FILE = DATA / "history.csv"
#: What changes when a passage is found anew, though the passage is the same.
_INCIDENTAL = frozenset(["fingerprint", "evidenceState"])
#: Words in common with a source that make a quotation.
_RUN = 8


@dataclass(frozen=True)
class ClaimVersion:
    """A version of a claim. `changed` are keys of the authoring format; none in the first."""

    claim: str
    at: str
    changed: tuple[str, ...]
    label: str


@cache
def recorded() -> dict[str, list[ClaimVersion]]:
    """Return the recorded versions of each claim by its number, oldest first."""
    if not FILE.is_file():
        return {}
    found: dict[str, list[ClaimVersion]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            version = ClaimVersion(
                row["claim"], row["at"], tuple(row["changed"].split()), row["label"]
            )
            found.setdefault(version.claim, []).append(version)
    return found


def versions(repository: Path, folder: str) -> list[ClaimVersion]:
    """Return the versions of the claims under `folder` of a git repository, by claim and time.

    Claims that are there no longer are left out. Raises CannotRun without git or its history.
    """
    if _git(repository, "rev-parse", "--is-shallow-repository").strip() != "false":
        raise CannotRun(
            f"{repository} lacks its older commits.", remedy="Run 'git fetch --unshallow' first."
        )
    found: dict[str, list[ClaimVersion]] = {}
    held: dict[str, dict[str, Mapping[str, Any]]] = {}
    log = _git(repository, "log", "--reverse", "--first-parent", "--format=%H %cI", "--", folder)
    for commit, at in (line.split() for line in log.splitlines()):
        before = {number: claim for file in held.values() for number, claim in file.items()}
        for path in _changed(repository, commit, folder):
            held[path] = dict(_claims(_git(repository, "show", f"{commit}:{path}", missing="")))
        for file in held.values():
            for number, claim in file.items():
                old = before.get(number)
                if old is claim:
                    continue
                changed = _differing(old, claim) if old is not None else ()
                if old is None or changed:
                    version = ClaimVersion(number, at, changed, str(claim.get("label", "")))
                    found.setdefault(number, []).append(version)
    alive = {number for file in held.values() for number in file}
    return [v for number in sorted(alive) for v in found[number]]


def as_csv(rows: Iterable[ClaimVersion]) -> str:
    """Return versions as the CSV of the record."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f.name for f in fields(ClaimVersion)])
    writer.writerows([v.claim, v.at, " ".join(v.changed), v.label] for v in rows)
    return out.getvalue()


def in_own_words(rows: Iterable[ClaimVersion], sources: Path) -> list[ClaimVersion]:
    """Return versions without the labels that have eight words running in common with a source."""
    theirs = {
        run for file in sorted(sources.glob("*.txt")) for run in _runs(file.read_text("utf-8"))
    }
    return [v if theirs.isdisjoint(_runs(v.label)) else replace(v, label="") for v in rows]


def _runs(text: str) -> set[str]:
    words = norm(text).split()
    return {" ".join(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}


def _claims(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the claims of an entry with the file's defaults laid under each; none of bad YAML."""
    try:
        tree = yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - all scalars are text
    except yaml.YAMLError:
        return
    if isinstance(tree, dict):
        for claim in tree.get("claims") or ():
            if isinstance(claim, dict) and "claim" in claim:
                yield claim["claim"], {**tree.get("defaults", {}), **claim}


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    keys = old.keys() | new.keys()
    return tuple(sorted(k for k in keys if _plain(old.get(k)) != _plain(new.get(k))))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _INCIDENTAL}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _changed(repository: Path, commit: str, folder: str) -> list[str]:
    names = _git(
        repository, "diff-tree", "--root", "--no-commit-id", "--name-only", "-r", commit, "--", folder
    )  # fmt: skip
    return [n for n in names.splitlines() if n.endswith(".yaml")]


def _git(repository: Path, *arguments: str, missing: str | None = None) -> str:
    try:
        done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True)
    except FileNotFoundError:
        raise CannotRun("git is not installed.", remedy="Install it, then try again.") from None
    if done.returncode:
        if missing is not None:
            return missing
        raise CannotRun(
            f"git {arguments[0]} failed: {done.stderr.decode().strip()[:200]}",
            remedy="Run this in a checkout of the repository.",
        )
    return done.stdout.decode()


def main() -> None:
    """Write the record of this checkout."""
    if len(sys.argv) != 2 or not any(Path(sys.argv[1]).glob("*.txt")):
        sys.exit("Give the folder of the source texts: python -m catchup.kg.history SOURCES")
    found = in_own_words(versions(ROOT, DATA.relative_to(ROOT).as_posix()), Path(sys.argv[1]))
    FILE.write_text(as_csv(found), encoding="utf-8")
    sys.stdout.write(f"{len(found)} versions of {len({v.claim for v in found})} claims\n")


if __name__ == "__main__":
    main()
