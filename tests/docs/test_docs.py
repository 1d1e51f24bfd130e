"""What the documentation names exists, and what exists is documented."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from catchup.cli.main import COMMANDS
from catchup.kg.reading.files import ROOT, SHAPES, shape_files
from catchup.kg.settings import SETTINGS
from catchup.server.app import create_app
from catchup.server.config import ServerConfig

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "THREAT_MODEL.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in DOCS if p.is_file())


def test_commands() -> None:
    documented = set(re.findall(r"^\| `catchup ([a-z]+)` \|", text("docs/commands.md"), re.M))
    assert documented == set(COMMANDS)
    named = set(re.findall(r"`(?:\.venv/bin/)?catchup ([a-z]+)", everything()))
    assert named - {"command"} <= set(COMMANDS)


def test_settings() -> None:
    row = r"^\| `(CATCHUP_[A-Z_]+)` \| (?:`([^`]*)`|none) \|"
    documented = re.findall(row, text("docs/settings.md"), re.M)
    assert dict(documented) == {s.variable: s.default for s in SETTINGS}
    named = set(re.findall(r"CATCHUP_[A-Z_]+", everything()))
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py"))
    for variable in named - {s.variable for s in SETTINGS}:
        assert variable in tests, f"{variable} is neither a setting nor read by a test"


def test_routes() -> None:
    app = create_app(ServerConfig(ROOT / "build" / "home" / "manifest.json"))
    paths = {getattr(r, "path", "") for r in app.router.routes}
    documented = set(re.findall(r"^\| `(?:[A-Z]+ )*(/[^`?]*)", text("docs/http.md"), re.M))
    assert documented, "docs/http.md lists no route"
    plain = (re.sub(r"\{[^}:]*\}", "[^/]*", p) for p in paths)
    patterns = [re.compile(re.sub(r"\{[^}]*:path\}", ".*", p) + r"\Z") for p in plain]
    missing = [
        d for d in documented if not any(p.match(re.sub(r"\{[^}]*\}", "x", d)) for p in patterns)
    ]
    assert not missing


def test_shapes() -> None:
    declared = set()
    for path in shape_files():
        declared |= set(re.findall(r"\bcus:[\w-]+", path.read_text(encoding="utf-8")))
    assert SHAPES.is_dir()
    assert set(re.findall(r"\bcus:[\w-]+", everything())) <= declared


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), target


LAYERS = {"cli": {"cli", "server", "kg"}, "server": {"server", "kg"}, "kg": {"kg"}}


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer: str) -> None:
    for path in (ROOT / layer).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            for name in names:
                if name.startswith("catchup."):
                    assert name.split(".")[1] in LAYERS[layer], f"{path}: {name}"
