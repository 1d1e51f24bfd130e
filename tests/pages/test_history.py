"""What versions a claim had: read off a repository, and off the kept versions of an entered case."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import subprocess
from pathlib import Path

from support.cases import bare_home
from support.serve import Served, start

from catchup.kg import history
from catchup.kg.reading.files import DATA

__all__ = ["bare_home"]
CASE = (Path(__file__).parent.parent / "cases" / "demo.yaml").read_text(encoding="utf-8")


def test_versions_are_read_off_a_repository(tmp_path: Path) -> None:
    """A change of layout or of a fingerprint is none; moved to another file, a claim stays itself."""

    def git(*arguments: str) -> None:
        who = {f"GIT_{r}_{k}": "x" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
        subprocess.run(
            ["git", "-C", tmp_path, *arguments], check=True, capture_output=True,
            env=os.environ | who | {"GIT_COMMITTER_DATE": "2026-01-02T03:04:05+00:00"},
        )  # fmt: skip

    def commit(file: str, text: str) -> None:
        (tmp_path / "data" / file).write_text(text, encoding="utf-8")
        git("add", "-A")
        git("commit", "-m", "a change", "--allow-empty")

    (tmp_path / "data").mkdir()
    git("init", "-b", "main")
    head = "graph: g\ndefaults: {rank: normal}\nclaims:\n"
    one = "- {claim: X-1, label: One., force: asserted, evidence: {part: p1, fingerprint: abc}}\n"
    commit("a.yaml", head + one + "- {claim: X-2, label: Two.}\n")
    commit("a.yaml", head + one.replace("abc", "def").replace("{claim", "{ claim"))
    commit("a.yaml", head + one.replace("One.", "Nearly one.").replace("asserted", "hedged"))
    (tmp_path / "data" / "a.yaml").unlink()
    commit("b.yaml", head + one.replace("One.", "Nearly one.").replace("asserted", "hedged"))
    commit("b.yaml", head.replace("normal", "deprecated") + one)
    found = history.versions(tmp_path, "data")
    assert [(v.claim, v.changed, v.label) for v in found] == [
        ("X-1", (), "One."),
        ("X-1", ("force", "label"), "Nearly one."),
        ("X-1", ("force", "label", "rank"), "One."),
    ]
    assert found[0].at == "2026-01-02T03:04:05+00:00"
    rows = list(csv.DictReader(io.StringIO(history.as_csv(found))))
    assert rows[1]["changed"] == "force label"
    (tmp_path / "s.txt").write_text("It says: one two three four five six seven eight.\n")
    close = history.ClaimVersion("X-1", "", (), "One, two three four five six seven eight")
    kept = history.in_own_words([close, found[0]], tmp_path)
    assert [v.label for v in kept] == ["", "One."]


def test_a_curated_claim_shows_its_versions(site: Served) -> None:
    """A claim that was mended shows what it said before, by the record in the data."""
    claim = "FU-0301"
    with (DATA / "history.csv").open(encoding="utf-8", newline="") as file:
        recorded = [row for row in csv.DictReader(file) if row["claim"] == claim]
    assert len(recorded) > 1
    shown = site.get(f"/id/c-{claim.lower()}.json").json()["history"]
    assert [s["at"][:10] for s in shown if s["at"]][::-1] == [r["at"][:10] for r in recorded]
    assert shown[-1]["what"] == "first version"
    page = site.get(f"/id/c-{claim.lower()}.html", headers={"Accept": "text/html"}).text
    assert recorded[0]["at"][:16].replace("T", " ") in page


def test_an_entered_claim_shows_who_changed_what(bare_home: Path, tmp_path: Path) -> None:
    """Each version of the case that became part of the graph, with who sent it."""
    home = Path(shutil.copytree(bare_home, tmp_path / "home"))
    orcids = {"ada": "0000-0001-5109-3700", "sam": "0000-0002-1825-0097"}
    tokens = tmp_path / "tokens"
    tokens.write_text(
        "".join(
            f"{n} {hashlib.sha256(n.encode()).hexdigest()} {o} {'accept' if n == 'ada' else 'submit'}\n"
            for n, o in orcids.items()
        )
    )
    served = start(home / "manifest.json", home=str(home), tokens=str(tokens))
    try:
        yaml = {"Content-Type": "application/yaml"}

        def sent(method: str, path: str, text: str, who: str, **headers: str) -> str:
            answer = served.client.request(
                method, served.url + path, content=text.encode(),
                headers=yaml | {"Authorization": f"Bearer {who}"} | headers,
            )  # fmt: skip
            assert answer.status_code in (200, 201, 202), answer.text
            return str(answer.headers["etag"])

        etag = sent("POST", "/cases", CASE, "ada")
        label = "  label: Demo Motors is Chinese and has a subsidiary in Britain."
        again = CASE.replace(label, "  label: Said otherwise.")
        etag = sent("PUT", "/cases/demo", again, "ada", **{"If-Match": etag})
        claim = served.get("/id/c-demo-0001.json").json()
        assert [(s["what"], s["by"]) for s in claim["history"]] == [
            ("changed: the words", orcids["ada"]),
            ("entered", orcids["ada"]),
        ]
        assert claim["history"][0]["says"] == claim["says"] == "Said otherwise."
    finally:
        served.stop()
