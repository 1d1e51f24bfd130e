"""Asking others: real answers from a real endpoint, and every way in which one can fail us."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from linking.conftest import Run
from support.serve import Served

from catchup.kg.linking.sssom import read_file

Bad = tuple[str, list[tuple[str, dict[str, str], bytes]]]
WDT = "http://www.wikidata.org/prop/direct/"


def test_online_check_finds_redirect_absence_and_disagreement(link: Run, wikidata: str) -> None:
    done = link("check", "--online", "--endpoint", wikidata, "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["problems"]
    details = [p["detail"] for p in found]
    assert "wd:Q464996 is redirected to wd:Q99999999." in details
    assert any("wd:Q14799 does not exist" in d for d in details)
    assert any("d:haier is of China" in d and "United States" in d for d in details)
    assert not any("Q160120" in d for d in details)


def test_enrich_fetches_facts_with_their_revision_and_reports(
    link: Run, wikidata: str, tmp_path: Path
) -> None:
    target = tmp_path / "enrichment.ttl"
    done = link("enrich", "--endpoint", wikidata, "-o", str(target), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["items"] == 6
    assert {"entity": "d:haier", "about": "country", "sources": "China",
            "wikidata": "United States of America"} in said["disagreements"]  # fmt: skip
    began = {d["entity"]: d["wikidata"] for d in said["disagreements"] if d["about"] == "inception"}
    assert began == {"d:zte": "began in 2019 or the 2020s"}  # a century says too little of Haier
    store = ox.Store()
    store.load(path=str(target), format=ox.RdfFormat.TURTLE)
    record = "https://w3id.org/catchup/graph/enrichment#Q160120"
    facts = {
        (q.predicate.value.rsplit("/")[-1].rsplit("#")[-1], str(q.object.value))
        for q in store.quads_for_pattern(ox.NamedNode(record), None, None)
        if not isinstance(q.object, ox.BlankNode | ox.Triple)
    }
    assert ("version", "2301") in facts
    assert ("license", "https://creativecommons.org/publicdomain/zero/1.0/") in facts
    assert any(name == "generatedAtTime" for name, _ in facts)
    names = {
        q.object.value
        for q in store.quads_for_pattern(ox.NamedNode("http://www.wikidata.org/entity/Q160120"),
                                         None, None)
        if isinstance(q.object, ox.Literal) and q.object.language
    }  # fmt: skip
    assert {"Huawei", "华为"} <= names
    assert "Huawei (fr)" not in names
    assert not list(tmp_path.glob(".*journal"))
    text = target.read_text(encoding="utf-8")
    assert "P127" not in text  # an owner who is not known
    assert "began" not in text


SAID = {
    "slow": "took longer than",
    "html": "text/html where JSON",
    "half": "broke off after",
    "cut": "not whole JSON",
    "other": "no result of a query",
    "busy": "answered 429 5 times",
    "weeks": "wants 999999 s",
    "dated": "s of waiting",
    "moved": "knows none of the",
    "inward": "private address",
    "round": "redirects again",
    "long": "more than",
    "nothing": "status 500",
}


@pytest.mark.parametrize("mode", SAID)
def test_a_bad_endpoint_ends_in_one_clear_error_and_leaves_nothing(
    link: Run, bad: Bad, tmp_path: Path, mode: str
) -> None:
    target = tmp_path / "enrichment.ttl"
    url = f"{bad[0]}/{mode}"
    done = link(
        "enrich", "--endpoint", url, "-o", str(target), "--timeout", "1" if mode == "slow" else "30"
    )
    assert done.returncode == (1 if mode == "moved" else 2)
    assert SAID[mode] in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not target.exists()
    assert not list(tmp_path.glob(".*journal"))


def test_a_broken_run_goes_on_where_it_stopped(
    link: Run, wikidata: str, bad: Bad, tmp_path: Path
) -> None:
    target = tmp_path / "enrichment.ttl"
    first = link("enrich", "--endpoint", wikidata, "-o", str(target))
    assert first.returncode == 0, first.stderr
    whole = target.read_bytes()
    target.unlink()
    journal = tmp_path / ".enrichment.ttl.journal"
    row = {"id": "Q160120", "moment": "2026-11-22T00:00:00Z",
           "facts": [["label", {"type": "literal", "value": "Kept", "xml:lang": "en"}, ""]]}  # fmt: skip
    journal.write_text(json.dumps(row) + '\n{"id": "Q1', encoding="utf-8")
    stopped = link("enrich", "--endpoint", f"{bad[0]}/html", "-o", str(target))
    assert stopped.returncode == 2
    assert journal.read_text(encoding="utf-8").startswith('{"id": "Q160120"')
    again = link("enrich", "--endpoint", wikidata, "-o", str(target))
    assert again.returncode == 0, again.stderr
    assert '"Kept"@en' in target.read_text(encoding="utf-8")
    assert target.read_bytes() != whole


def test_who_asks_says_so_and_nothing_is_asked_without_encryption(link: Run, bad: Bad) -> None:
    link(
        "check", "--online", "--endpoint", f"{bad[0]}/other", "--user-agent", "Me (me@example.org)"
    )
    assert bad[1][-1][1]["User-Agent"] == "Me (me@example.org)"
    refused = link("check", "--online", "--endpoint", "http://example.org/sparql")
    assert refused.returncode == 2
    assert "without encryption" in refused.stderr


def test_candidates_come_from_any_service_and_a_person_accepts_them(
    link: Run, site: Served, tmp_path: Path
) -> None:
    table, links = tmp_path / "candidates.tsv", tmp_path / "links"
    links.mkdir()
    done = link("suggest", "tcl", "huawei", "--service", site.url + "/reconcile", "--links",
                str(links), "-o", str(table))  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = table.read_text(encoding="utf-8").splitlines()
    huawei = next(x for x in lines if x.startswith("d:huawei\t"))
    assert "100% alike" in huawei
    lines[lines.index(huawei)] = huawei.removesuffix("\t") + "\tyes"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    kept = link("suggest", "--accept", str(table), "--links", str(links), "--by", "A Person")
    assert kept.returncode == 0, kept.stderr
    written = (links / "reviewed.sssom.tsv").read_text(encoding="utf-8")
    assert "d:huawei\tHuawei\tschema:sameAs" in written
    assert "A Person" in written
    assert "d:tcl\t" not in written
    table.write_text("\n".join(lines).replace("\tyes", "\tperhaps"), encoding="utf-8")
    refused = link("suggest", "--accept", str(table), "--links", str(links), "--by", "A Person")
    assert refused.returncode == 1
    assert "candidates.tsv:" in refused.stderr
    assert "is not a decision" in refused.stderr


def on_a_terminal(home: Path, arguments: list[str], answers: list[tuple[str, str]]) -> str:
    """Run `catchup link suggest` on a terminal of its own; each answer waits for its question."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ |= {"CATCHUP_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160", "TERM": "dumb"}
        command = [sys.executable, "-m", "catchup.cli.main", "link", "suggest", *arguments]
        os.execv(sys.executable, command)
    shown, seen = "", 0
    waiting = [*answers, ("", "")]
    question, answer = waiting.pop(0)
    while select.select([terminal], [], [], 100)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode("utf-8", "replace")
        if question and question in shown[seen:]:
            seen = len(shown)
            os.write(terminal, answer.encode())
            question, answer = waiting.pop(0)
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert not question, f"never asked: {question}\n{shown}"
    return shown


def test_a_person_reviews_on_a_terminal_stops_and_goes_on(
    link: Run, site: Served, home: Path, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    given = ["tcl", "huawei", "zte", "sanyo", "--service", site.url + "/reconcile",
             "--links", str(links), "--prefix", "d"]  # fmt: skip
    which = "quit [skip]:"
    first = on_a_terminal(home, given, [
        ("Your name", "A Person\n"), (which, "9\n"), (which, "1\n"), (which, "none\n"),
        (which, "\n"), (which, "quit\n"),
    ])  # fmt: skip
    assert "'9' is none of them" in first
    assert "1 links and 1 searches in vain" in first
    again = on_a_terminal(
        home, given, [("Your name", "A Person\n"), (which, "1\n"), (which, "\x03")]
    )
    assert "huawei" not in again
    assert "1 links and 0 searches in vain" in again
    rows = {r.subject_id: r for r in read_file(links / "reviewed.sssom.tsv").rows}
    assert {k: r.object_id for k, r in rows.items()} == {
        "d:tcl": "d:tcl", "d:huawei": "sssom:NoTermFound", "d:zte": "d:zte"
    }  # fmt: skip
    assert {r.author_label for r in rows.values()} == {"A Person"}
    checked = link("check", "--links", str(links))
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("mode", ["html", "other", "inward"])
def test_what_is_no_reconciliation_service_is_named(link: Run, bad: Bad, mode: str) -> None:
    done = link("suggest", "tcl", "--service", f"{bad[0]}/{mode}")
    assert done.returncode == 2
    assert bad[0] in done.stderr
