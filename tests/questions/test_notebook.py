"""The notebook runs from top to bottom and draws its plots."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

from catchup.kg.reading.files import ROOT

NOTEBOOK = ROOT / "notebooks" / "three-questions.ipynb"


def test_the_notebook_answers_its_questions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATCHUP_HOME", str(home))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "build" / "editable"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    plots = sum(
        "image/png" in output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    )
    assert plots == 3
