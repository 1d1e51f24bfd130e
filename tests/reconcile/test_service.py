"""The reconciliation service over HTTP: both versions, valid answers, clear refusals."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from reconcile.schemas import SCHEMAS
from referencing import Registry, Resource
from support.serve import Served

SPECS = os.environ.get("CATCHUP_RECONCILIATION_SPECS", "")
Valid = Callable[[str, str, httpx.Response], Any]


def own(version: str, name: str, response: httpx.Response) -> Any:
    """Return the answer, checked against the schema as said again here."""
    assert response.status_code == 200, response.text
    Draft7Validator(SCHEMAS[version, name]).validate(response.json())
    return response.json()


def theirs(version: str, name: str, response: httpx.Response) -> Any:
    """Return the answer, checked against the specification's own schema."""
    assert response.status_code == 200, response.text
    folder = Path(SPECS) / version / "schemas"
    registry: Registry[Any] = Registry()
    for path in folder.glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        resource = Resource.from_contents({**schema, "$schema": DRAFT})
        base = schema.get("$id", "").rsplit("/", 1)[0]
        for iri in (schema.get("$id", ""), f"{base}/{path.name}"):
            registry = registry.with_resource(iri, resource)
    schema = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    schema["$schema"] = DRAFT
    schema.get("properties", {}).pop("authentication", None)  # of Swagger, fetched from elsewhere
    Draft7Validator(schema, registry=registry).validate(response.json())
    return response.json()


DRAFT = "http://json-schema.org/draft-07/schema#"
CHECKS = [
    pytest.param(own, id="own"),
    pytest.param(
        theirs,
        id="specification",
        marks=pytest.mark.skipif(not SPECS, reason="no copy of the specification's schemas"),
    ),
]


def ask(site: Served, batch: dict[str, Any], **headers: str) -> httpx.Response:
    """Send a batch of version 0.2."""
    form = {"queries": json.dumps(batch)}
    return site.client.post(site.url + "/reconcile", data=form, headers=headers)


def first(site: Served, **query: Any) -> dict[str, Any]:
    """Return the best candidate for one query of version 0.2."""
    result = ask(site, {"q": query}).json()["q"]["result"]
    return dict(result[0]) if result else {}


@pytest.mark.parametrize("valid", CHECKS)
def test_answers_are_valid_in_version_02(site: Served, valid: Valid) -> None:
    manifest = valid("0.2", "manifest", site.get("/reconcile"))
    assert {"0.2", "1.0-draft"} <= set(manifest["versions"])
    found = valid("0.2", "reconciliation-result-batch", ask(site, {
        "a": {"query": "Huawei Technologies Co., Ltd.", "type": "Firm", "limit": 2},
        "b": {"query": "腾讯", "properties": [{"pid": "country", "v": {"id": "id/cn"}}]},
        "c": {"query": "zzzz qqqq"},
    }))  # fmt: skip
    assert found["a"]["result"][0]["id"] == "id/huawei"
    assert found["b"]["result"][0]["match"] is True
    assert found["c"]["result"] == []
    base = manifest["suggest"]
    for what, name in (("entity", "entities"), ("type", "types"), ("property", "properties")):
        url = base[what]["service_url"] + base[what]["service_path"]
        hits = valid("0.2", f"suggest-{name}-response", site.client.get(url + "?prefix=co"))
        assert hits["result"]
    extend = {
        "ids": ["id/huawei", "id/nobody"],
        "properties": [{"id": "country"}, {"id": "wikidata"}],
    }
    rows = valid("0.2", "data-extension-response",
                 site.client.post(site.url + "/reconcile", data={"extend": json.dumps(extend)}))  # fmt: skip
    assert rows["rows"]["id/huawei"]["country"] == [{"id": "id/cn", "name": "China"}]
    assert rows["rows"]["id/huawei"]["wikidata"][0]["id"] == "Q160120"
    assert rows["rows"]["id/nobody"]["country"] == []
    proposed = manifest["extend"]["propose_properties"]
    url = proposed["service_url"] + proposed["service_path"] + "?type=Firm&limit=3"
    assert (
        len(valid("0.2", "data-extension-property-proposal", site.client.get(url))["properties"])
        == 3
    )


@pytest.mark.parametrize("valid", CHECKS)
@pytest.mark.parametrize("root", ["/reconcile", "/reconcile/1.0-draft"])
def test_answers_are_valid_in_version_10(site: Served, valid: Valid, root: str) -> None:
    manifest = valid("1.0-draft", "manifest", site.get("/reconcile/1.0-draft"))
    assert manifest["standardizedScore"] is True
    conditions = [
        {"matchType": "name", "propertyValue": "SAIC"},
        {"matchType": "property", "propertyId": "country", "propertyValue": "China"},
    ]
    body = {"queries": [{"type": "Firm", "conditions": conditions},
                        {"conditions": [{"matchType": "id", "propertyValue": "Q160120"}]}]}  # fmt: skip
    found = valid("1.0-draft", "reconciliation-result-batch",
                  site.client.post(site.url + root + "/match", json=body))  # fmt: skip
    assert [r["candidates"][0]["id"] for r in found["results"]] == ["id/saic", "id/huawei"]
    for what, name in (("entity", "entities"), ("type", "types"), ("property", "properties")):
        path = f"{root}/suggest/{what}?prefix=co&limit=2"
        assert len(valid("1.0-draft", f"suggest-{name}-response", site.get(path))["result"]) <= 2
    extend = {"ids": ["id/zte"], "properties": [{"id": "altName", "settings": {"limit": "1"}}]}
    rows = valid("1.0-draft", "data-extension-response",
                 site.client.post(site.url + root + "/extend", json=extend))  # fmt: skip
    assert len(rows["rows"][0]["properties"][0]["values"]) == 1
    valid("1.0-draft", "data-extension-property-proposal", site.get(f"{root}/extend/propose"))


def test_a_match_is_claimed_only_when_it_is_safe(site: Served) -> None:
    assert first(site, query="SAIC", type="Firm")["match"] is True
    other = [{"pid": "country", "v": "United States"}]
    assert first(site, query="SAIC", type="Firm", properties=other)["match"] is False
    assert first(site, query="Ford Foundation", type="Firm").get("match", False) is False
    assert first(site, query="Emerson College").get("match", False) is False
    assert first(site, query="Huawei", type="Country").get("match", False) is False
    assert first(site, query="2.75G", type="Technology")["id"] == "id/2-75g"


def test_an_identifier_finds_its_thing(site: Served) -> None:
    for text in ("Q160120", "id/huawei", "https://w3id.org/catchup/id/huawei",
                 "https://ror.org/00cmhce21", "grid.453400.6"):  # fmt: skip
        found = first(site, query=text)
        assert (found["id"], found["match"]) == ("id/huawei", True), text
    for text in ("https://www.wikidata.org/wiki/Q160120", "ISNI 0000 0000 8743 5787",
                 "ror.org/00cmhce21", "wd:Q160120"):  # fmt: skip
        assert first(site, query=text)["match"] is True, text
    assert first(site, query="doi:10.1016/J.JBUSRES.2018.04.022")["id"] == "id/fu2018"
    hits = site.get("/reconcile/suggest/entity", params={"prefix": "id/zte"}).json()["result"]
    assert hits[0]["id"] == "id/zte"


def test_a_concept_is_claimed_by_what_is_the_same_and_found_by_what_is_close(site: Served) -> None:
    close = first(site, query="http://www.wikidata.org/entity/Q489209")
    assert (close["id"], close["match"], close["score"]) == ("vocab/jointVenture", False, 85)
    same = first(site, query="2750", type="Industry")
    assert (same["id"], same["match"], same["score"]) == ("vocab/homeAppliances", True, 100)
    row = {"ids": ["vocab/homeAppliances", "vocab/jointVenture"],
           "properties": [{"id": "isic"}, {"id": "wikidata"}]}  # fmt: skip
    rows = site.get("/reconcile", params={"extend": json.dumps(row)}).json()["rows"]
    assert rows["vocab/homeAppliances"] == {"isic": [{"str": "2750"}], "wikidata": []}
    assert rows["vocab/jointVenture"]["wikidata"][0]["id"] == "Q489209"


def test_types_narrow_as_strictly_as_asked(site: Served) -> None:
    def found(**more: Any) -> list[str]:
        query = json.dumps({"q": {"query": "Oxford", "type": "City", **more}})
        answer = site.get("/reconcile", params={"queries": query})
        return [c["id"] for c in answer.json()["q"]["result"]]

    assert found()[0] == found(type_strict="any")[0] == "id/oxford"
    assert "id/university-of-oxford" in found(type_strict="should", limit=10, type=["University"])
    assert found(type_strict="any") == ["id/oxford"]
    assert found(type_strict="all", type=["City", "University"]) == []
    assert len(found(type="University", limit=1)) == 1


def test_other_spellings_of_a_name_are_that_name(site: Served) -> None:
    for text, id in (("聯想集團", "lenovo"), ("Hai'er", "haier"), ("W-CDMA", "wcdma"),
                     ("Li Jizhen", "jizhen-li"), ("Siemens Aktiengesellschaft", "siemens")):  # fmt: skip
        best = first(site, query=text)
        assert (best["id"], best["match"]) == (f"id/{id}", True), text


def test_names_come_in_the_language_asked_for(site: Served) -> None:
    answer = ask(site, {"q": {"query": "Huawei"}}, **{"Accept-Language": "zh-CN, en;q=0.5"})
    assert answer.json()["q"]["result"][0]["name"] == "华为"
    assert answer.headers["Content-Language"] == "zh"
    assert "Accept-Language" in answer.headers["Vary"]


def test_other_origins_may_ask(site: Served) -> None:
    headers = {"Origin": "https://openrefine.example", "Access-Control-Request-Method": "POST"}
    preflight = site.client.options(site.url + "/reconcile/match", headers=headers)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for path in (
        "/reconcile",
        "/reconcile/suggest/entity?prefix=h",
        "/reconcile/preview?id=id/zte",
    ):
        assert site.get(path, headers={"Origin": "https://x.example"}).headers[
            "Access-Control-Allow-Origin"
        ] == "*"  # fmt: skip


def test_the_preview_is_a_small_page_that_can_do_nothing(site: Served) -> None:
    page = site.get("/reconcile/preview?id=id/huawei")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert "Huawei" in page.text
    missing = site.get("/reconcile/preview", params={"id": "<script>alert(1)</script>"})
    assert missing.status_code == 404
    assert "<script>" not in missing.text or "json" in missing.headers["Content-Type"]


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "bad json": ({"queries": '{"q0": {"query": '}, 400, "line 1"),
    "no object": ({"queries": "[]"}, 400, "no object"),
    "no name": ({"queries": '{"q0": {}}'}, 400, "q0"),
    "blank name": ({"queries": '{"q0": {"query": " "}}'}, 400, "q0.query"),
    "unknown type": ({"queries": '{"q0": {"query": "x", "type": "Frim"}}'}, 400, "Firm"),
    "unknown property": (
        {"queries": '{"q0": {"query": "x", "properties": [{"pid": "contry", "v": "CN"}]}}'},
        400, "country"),
    "unknown field": ({"queries": '{"q0": {"query": "x", "tpye": "Firm"}}'}, 400, "tpye"),
    "limit": ({"queries": '{"q0": {"query": "x", "limit": -1}}'}, 400, "limit"),
    "long name": ({"queries": json.dumps({"q0": {"query": "x" * 100_000}})}, 400, "100,000"),
    "a megabyte": ({"queries": json.dumps({"q0": {"query": "x" * 1_200_000}})}, 413, "bytes"),
    "10,000 names": (
        {"queries": json.dumps({f"q{i}": {"query": "Huawei"} for i in range(10_000)})},
        413, "10,000"),
    "nothing": ({"query": "Huawei"}, 400, "queries"),
    "deep": ({"queries": "[" * 50_000}, 400, "JSON"),
    "extend": ({"extend": '{"ids": "x"}'}, 400, "ids"),
    "extend property": ({"extend": '{"ids": [], "properties": [{"id": "x"}]}'}, 400, "x"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_is_refused_in_words(site: Served, case: str) -> None:
    form, status, said = WRONG[case]
    answer = site.client.post(site.url + "/reconcile", data=form)
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert said in problem["detail"] + problem.get("remedy", "")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"queries": {}}', b'{"queries": [{}]}', b'{"queries": [{"conditions": []}]}',
     b'{"queries": [{"conditions": [{"matchType": "name"}]}]}', b"\xff\xfe",
     b'{"queries": [{"conditions": [{"matchType": "name", "propertyValue": "x"}], "type": ["a"]}]}'],
)  # fmt: skip
def test_a_wrong_body_is_refused_in_version_10(site: Served, body: bytes) -> None:
    answer = site.client.post(site.url + "/reconcile/match", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=60).filter(lambda t: t.strip()))
def test_no_name_breaks_the_service(site: Served, name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    answer = ask(site, {"q": {"query": name}})
    own("0.2", "reconciliation-result-batch", answer)
