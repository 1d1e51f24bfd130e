"""`catchup backup` and `restore`: what comes back is what was there."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path


def catchup(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "catchup.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def contents(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "lock")
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_what_is_restored_is_what_was_backed_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "cases" / "byd").mkdir(parents=True)
    (home / "cases" / "byd" / "0001.yaml").write_text("case: {id: byd}\n")
    (home / "manifest.json").write_text("{}")
    archive = tmp_path / "b.tar.gz"
    assert catchup("backup", str(archive), "--home", str(home)).returncode == 0
    other = tmp_path / "other"
    assert catchup("restore", str(archive), "--home", str(other)).returncode == 0
    assert contents(other) == contents(home)
    again = catchup("restore", str(archive), "--home", str(other))
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_bad_backups_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "no.tar.gz"
    text.write_text("not an archive")
    assert catchup("restore", str(text), "--home", str(tmp_path / "a")).returncode == 1
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(evil, "w:gz") as archive:
        info = tarfile.TarInfo("../outside")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    refused = catchup("restore", str(evil), "--home", str(tmp_path / "b"))
    assert refused.returncode == 1
    assert "does not belong" in refused.stderr
    assert not (tmp_path / "outside").exists()
    missing = catchup("backup", str(tmp_path / "x.tar.gz"), "--home", str(tmp_path / "none"))
    assert missing.returncode == 2
