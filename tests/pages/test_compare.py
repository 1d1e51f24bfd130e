"""Comparisons over HTTP and on the command line: the same table, traceable, in every form."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.serve import Served

from catchup.kg.catalogue import declared
from catchup.kg.names import CU, DCTERMS

FOUR = "case=huawei&case=zte&case=lenovo&case=saic"
HTML = {"Accept": "text/html"}
IDENTIFIER, ASSERTS = ox.NamedNode(DCTERMS + "identifier"), ox.NamedNode(CU + "asserts")


def rows(served: Served, query: str) -> list[list[str]]:
    """Return the rows of a comparison as CSV gives them."""
    answer = served.get(f"/compare.csv?{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text)))


def cells(served: Served, query: str) -> dict[str, list[dict[str, object]]]:
    """Return the cells of a comparison by row."""
    data = served.get(f"/compare.json?{query}").json()
    return {row["key"]: row["cells"] for row in data["rows"]}


def test_every_value_has_its_claims_and_they_exist(site: Served) -> None:
    found = cells(site, f"{FOUR}&dim=all")
    claims = {
        number
        for row in found.values()
        for cell in row
        for value in cell["values"]  # type: ignore[attr-defined]
        for number in value["claims"]
    }
    assert all(
        value["claims"]
        for row in found.values()
        for cell in row
        for value in cell["values"]  # type: ignore[attr-defined]
    )
    listed = " ".join(f"'{c}'" for c in sorted(claims))
    counted = site.query(
        declared(f"SELECT ?c {{ VALUES ?n {{ {listed} }} ?c dcterms:identifier ?n ; a cu:Claim }}"),
        "application/json",
    ).json()
    assert len(counted["results"]["bindings"]) == len(claims) > 100


def test_silence_is_told_apart_from_denial(site: Served) -> None:
    found = cells(site, f"{FOUR}&dim=lacked&dim=outcomes&dim=channels")
    assert [c["state"] for c in found["lacked"]] == ["silent", "silent", "silent", "denied"]
    assert [c["state"] for c in found["outcomes"]] == ["said", "silent", "silent", "denied"]
    assert [c["state"] for c in found["channels"]] == ["said", "said", "silent", "silent"]
    lacked = next(row for row in rows(site, f"{FOUR}&dim=lacked") if row[0].startswith("What was"))
    assert lacked[1] == "" and lacked[4].startswith("not: ")


def test_rows_are_filtered_hidden_sorted_and_turned_by_the_address(site: Served) -> None:
    whole = rows(site, f"{FOUR}&dim=home&dim=channels&dim=steps")
    assert [row[0] for row in whole] == [
        "",
        "Home country",
        "Learning channels",
        "Integration steps",
    ]
    assert [r[0] for r in rows(site, f"{FOUR}&dim=home&dim=steps&hide=equal")] == [
        "",
        "Integration steps",
    ]
    assert len(rows(site, f"{FOUR}&dim=home&dim=channels&find=customers")) == 2
    turned = rows(site, f"{FOUR}&dim=home&dim=channels&dim=steps&transpose=1")
    assert turned == [list(column) for column in zip(*whole, strict=True)]
    by_name = rows(site, f"{FOUR}&dim=home&cases=az")
    assert by_name[0][1:] == ["Huawei", "Lenovo", "SAIC", "ZTE"]


def test_the_permanent_address_names_the_content(site: Served) -> None:
    page = site.get(f"/compare?{FOUR}&dim=channels", headers=HTML).text
    address = re.search(r'href="(/compare\?[^"]*hash=[0-9a-f]{16})"', page)
    assert address is not None
    kept = address[1].replace("&amp;", "&")
    again = site.get(kept, headers=HTML).text
    assert "since this comparison was cited" not in again
    changed = re.sub(r"hash=.*", "hash=0000000000000000", kept)
    assert "since this comparison was cited" in site.get(changed, headers=HTML).text
    one = site.get(f"/compare.json?{FOUR}&dim=channels").json()["hash"]
    other = site.get("/compare.json?case=zte&case=saic&case=lenovo&case=huawei&dim=channels").json()
    assert kept.endswith(one) and other["hash"] == one
    assert site.get(f"/compare.json?{FOUR}&dim=steps").json()["hash"] != one


def test_what_cannot_be_compared_is_refused_with_the_nearest(site: Served) -> None:
    firm = site.get("/compare.json?case=huawey").json()
    assert firm["status"] == 404 and "huawei" in firm["remedy"]
    dimension = site.get("/compare.json?dim=chanels").json()
    assert dimension["status"] == 404 and "channels" in dimension["remedy"]
    condition = site.get(f"/compare.json?{FOUR}&outcome=outcomes:glory")
    assert condition.status_code == 422


def test_a_truth_table_counts_cases_and_names_the_unknown(site: Served) -> None:
    query = f"{FOUR}&dim=channels&dim=tiers&dim=outcomes&outcome=outcomes:success"
    query += "&condition=channels:customers&condition=tiers:highTier"
    truth = site.get(f"/compare.json?{query}").json()["truth"]
    assert truth["undetermined"] == ["Huawei", "ZTE", "Lenovo", "SAIC"]  # each is silent on one
    members = {c["label"]: c["conditions"]["channels:customers"] for c in truth["cases"]}
    assert members == {"Huawei": "1", "ZTE": "1", "Lenovo": "-", "SAIC": "-"}
    assert {c["label"]: c["outcome"] for c in truth["cases"]}["SAIC"] == "0"  # it failed
    absent = site.get(f"/compare.json?{query}&silence=absent").json()["truth"]
    rows_ = {tuple(r["conditions"].values()): r for r in absent["rows"]}
    assert rows_["1", "0"]["cases"] == ["Huawei", "ZTE"]
    assert (rows_["1", "0"]["outcome1"], rows_["1", "0"]["consistency"]) == (1, 1.0)
    assert (rows_["0", "0"]["outcome0"], rows_["0", "0"]["consistency"]) == (1, 0.0)
    table = rows(site, f"{query}&silence=absent&table=truth")
    assert table[0] == ["channels:customers", "tiers:highTier", "cases", "outcome 1", "outcome 0",
                        "consistency"]  # fmt: skip


def test_latex_and_html_hold_the_same_values(site: Served) -> None:
    latex = site.get(f"/compare.tex?{FOUR}&dim=channels&dim=figures").text
    assert latex.count(r"\\") >= 2 and r"\toprule" in latex
    assert not re.search(
        r"(?<!\\)[&%$#_](?! )", latex.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    )
    html = site.get(f"/compare.table.html?{FOUR}&dim=channels").text
    assert html.count("learn from customers") == 2
    assert 'href="https://w3id.org/catchup/id/c-fu-0507"' in html


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_the_command_gives_the_same(site: Served, home: Path, format_: str) -> None:
    command = [sys.executable, "-m", "catchup.cli.main", "compare", "huawei", "SAIC", "-d", "channels",
               "--format", format_, "--home", str(home)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    if format_ == "table":
        assert "learn from customers" in done.stdout
        return
    answer = site.get(f"/compare.{format_}?case=huawei&case=saic&dim=channels")
    if format_ == "json":
        assert json.loads(done.stdout)["rows"] == answer.json()["rows"]
    else:
        assert done.stdout.replace("\r\n", "\n") == answer.text.replace("\r\n", "\n")


def test_the_claims_behind_a_table_are_rdf(site: Served) -> None:
    """Every claim of the cells, with what it asserts; of the propositions, those of the readings."""
    for path, known in (
        (f"/compare.ttl?{FOUR}&dim=channels", "FU-0507"),
        ("/propositions.ttl", "CUR-0"),
    ):
        answer = site.get(path)
        assert answer.headers["content-type"].startswith("text/turtle")
        graph = ox.Store()
        graph.load(answer.content, format=ox.RdfFormat.TURTLE)
        numbers = {str(q.object.value) for q in graph.quads_for_pattern(None, IDENTIFIER, None)}
        assert any(n.startswith(known) for n in numbers)
        for quad in graph.quads_for_pattern(None, ASSERTS, None):
            assert any(graph.quads_for_pattern(quad.object, None, None))
    table = site.get(f"/compare.json?{FOUR}&dim=channels").json()
    shown = {
        c for r in table["rows"] for cell in r["cells"] for v in cell["values"] for c in v["claims"]
    }
    graph = ox.Store()
    graph.load(site.get(f"/compare.ttl?{FOUR}&dim=channels").content, format=ox.RdfFormat.TURTLE)
    assert shown == {str(q.object.value) for q in graph.quads_for_pattern(None, IDENTIFIER, None)}
