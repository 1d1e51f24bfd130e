"""The mapping tables: what stands in them, and that a slip in one is found and placed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linking.conftest import Run

from catchup.kg.linking.digits import wrong
from catchup.kg.linking.sssom import read_file, read_set, write_set
from catchup.kg.reading.files import LINKS

VALID = [
    ("isni", "0000000087435787"), ("isni", "000000044909268X"), ("orcid", "0000-0002-1825-0097"),
    ("lei", "254900N4SLUMW4XUYY11"), ("lei", "W38RGI023J3WT1HWRP32"), ("isin", "KYG875721634"),
    ("isin", "DE0007236101"), ("ror", "00cmhce21"), ("ror", "052gg0110"),
]  # fmt: skip


def test_the_tables_pass_and_the_check_says_what_it_could_not_check(link: Run) -> None:
    done = link("check", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["problems"] == []
    assert said["matches"] > 150
    assert any("exist" in u for u in said["unchecked"])


@pytest.mark.parametrize(("scheme", "code"), VALID)
def test_check_digits_hold(scheme: str, code: str) -> None:
    assert wrong(scheme, code) == ""


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VALID), st.data())
def test_one_wrong_digit_is_always_found(valid: tuple[str, str], data: st.DataObject) -> None:
    scheme, code = valid
    places = [i for i, c in enumerate(code) if c.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
    assert wrong(scheme, code[:place] + digit + code[place + 1 :]) != ""


def test_the_false_isin_of_huawei_is_refused() -> None:
    assert "check digits" in wrong("isin", "HK0000HWEI11")


@pytest.mark.parametrize("code", ["04", "2x", "4001", "W", "00", "27501", "275 0"])
def test_a_code_outside_isic_is_refused(code: str) -> None:
    assert wrong("isic4", "2750") == wrong("isic4", "C") == ""
    assert wrong("isic4", code) != ""


CODED = """SELECT ?thing (GROUP_CONCAT(?found) AS ?codes) WHERE {
  { ?thing a cu:Country OPTIONAL { ?thing skos:notation ?found FILTER(REGEX(?found, "^[A-Z]{2}$")) } }
  UNION { ?thing cu:currencyPrinted ?printed
    OPTIONAL { ?thing cu:currencyCode ?found FILTER(REGEX(?found, "^[A-Z]{3}$")) } }
} GROUP BY ?thing"""
INDUSTRIES = """SELECT ?thing (GROUP_CONCAT(DISTINCT ?code) AS ?codes) WHERE {
  { ?thing a cu:Industry } UNION { ?firm cu:inIndustry ?thing }
  OPTIONAL { ?thing skos:exactMatch|skos:broadMatch|skos:narrowMatch ?class
    . ?class skos:inScheme <https://unstats.un.org/classifications/ISIC/rev4/scheme> ;
      skos:notation ?code }
} GROUP BY ?thing"""


def test_countries_currencies_and_industries_carry_codes(link: Run) -> None:
    def asked(query: str) -> dict[str, str]:
        done = link("-e", query, "--format", "json", command="query")
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)["results"]["bindings"]
        return {r["thing"]["value"]: r.get("codes", {}).get("value", "") for r in rows}

    codes = asked(CODED)
    assert len(codes) > 15
    assert [thing for thing, code in codes.items() if not code] == []
    table = read_file(LINKS / "industries.sssom.tsv")
    without = {table.expand(r.subject_id) for r in table.rows if not r.found}
    industries = asked(INDUSTRIES)
    assert {i for i, code in industries.items() if not code} == without
    assert industries["https://w3id.org/catchup/vocab/homeAppliances"] == "2750"


WRONG = {
    "false friend": (("wd:Q160120", "wd:Q208732"), "false friend"),
    "check digit": (("isni:0000000087435787", "isni:0000000087435788"), "check digits"),
    "two things, one id": (("wd:Q136484", "wd:Q160120"), "is said to be"),
    "form": (("wd:Q14799", "wd:P31"), "is not a Wikidata item"),
    "prefix": (("wd:Q14799", "wikidata:Q14799"), "is not declared"),
    "predicate": (("d:ibm\tIBM\tschema:sameAs", "d:ibm\tIBM\tskos:closeMatch"), "concept"),
    "owl": (("d:ibm\tIBM\tschema:sameAs", "d:ibm\tIBM\towl:sameAs"), "is not declared"),
    "confidence": (("\t0.95\t", "\tsure\t"), "between 0 and 1"),
    "date": (("\t2026-11-22\t", "\tyesterday\t"), "is no date"),
    "metadata": (("# license", "# licence"), "lack license"),
    "justification": (("semapv:ManualMappingCuration", "semapv:Hunch"), "justification"),
    "isic code": (("isic4:2750", "isic4:4401"), "is not a code of ISIC"),
    "isic title": (("\tManufacture of domestic appliances\t", "\t\t"), "The title of the class"),
    "column": (("\tmapping_date\t", "\tdate\t"), "There is no slot 'date'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_slip_is_found_with_file_and_line(link: Run, tmp_path: Path, case: str) -> None:
    folder = tmp_path / "links"
    shutil.copytree(LINKS, folder)
    (old, new), said = WRONG[case]
    table = folder / ("industries.sssom.tsv" if "isic" in case else "firms.sssom.tsv")
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = link("check", "--links", str(folder), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)["problems"]
    assert any(said in p["detail"] and p.get("line") for p in found), found


def test_reading_and_writing_a_table_keeps_it(tmp_path: Path) -> None:
    for path in LINKS.glob("*.sssom.tsv"):
        table = read_file(path)
        write_set(tmp_path / path.name, table.metadata, table.rows)
        again = read_file(tmp_path / path.name)
        assert again.problems == []
        assert set(again.rows) == set(table.rows)
        assert again.metadata == table.metadata


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400))
def test_no_text_breaks_the_reader(text: str) -> None:
    table = read_set(text, "x.sssom.tsv")
    assert table.problems


def test_no_links_folder_is_a_failure_to_run(link: Run, tmp_path: Path) -> None:
    assert link("check", "--links", str(tmp_path)).returncode == 2
