"""Tasks that people come with, done in a browser as they would do them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pages.browser import KNOWN, Watched, axe, chromium, watched
from playwright.sync_api import Browser, Locator, Page, expect
from support.serve import Served, start

from catchup.kg.catalogue import declared

TOKEN = "token-ada"
PAGES = (
    "/", "/id/huawei.html", "/id/c-fu-0507.html", "/compare", "/propositions", "/sources/fu2018",
    "/theory", "/search?q=customers", "/queries", "/queries/events-of-a-firm?firm=huawei",
    "/cases/new", "/sparql", "/sources", "/sources/fu2018/fu2018-t3", "/ontology/LearningEpisode.html",
    "/vocab/hostCountry.html", "/id/APA1.html", "/id/huawei-uk.html", "/queries/grounds-of-claims",
    "/explain?s=d:huawei&p=a&o=cu:ReverseLearningFirm", "/id/nobody.html",
    "/compare?case=huawei&case=saic&dim=channels&outcome=channels:customers&transpose=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The first check of a case loads what checks it, which takes seconds on a busy machine.
    expect.set_options(timeout=20_000)
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def served(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server on a copy of the real snapshot, to which cases may be added."""
    folder = tmp_path_factory.mktemp("home")
    own = folder / "home"
    shutil.copytree(home, own)
    tokens = folder / "tokens"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    tokens.write_text(f"ada {digest} 0000-0002-1825-0097 accept\n")
    started = start(
        own / "manifest.json", home=str(own), tokens=str(tokens), client={"seconds": 1e6}
    )
    yield started
    started.stop()


@pytest.fixture
def visitor(browser: Browser, served: Served) -> Iterator[Watched]:
    """Return a page; afterwards no request has left loopback and nothing went wrong in it."""
    with watched(browser, base_url=served.url, locale="en-GB") as seen:
        yield seen
        assert [u for u in seen.outside if "wikidata.org" not in u] == []
        assert [w for w in seen.wrong if KNOWN not in w] == []


def test_the_evidence_for_a_claim_is_found(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_role("searchbox").or_(page.locator("input[name=q]")).first.fill("Huawei")
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="Huawei", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Huawei")
    page.get_by_role("link", name="FU-0507").first.click()
    expect(page.get_by_role("main")).to_contain_text("FU-0507")
    page.get_by_role("main").locator("a[href^='/sources/fu2018/']").first.click()
    expect(page).to_have_url(re.compile("/sources/fu2018/fu2018-"))
    expect(page.get_by_role("main")).to_contain_text("FU-0507")


def test_four_firms_are_compared_and_taken_away(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/compare")
    cases = page.get_by_role("group", name="Cases")
    for box in cases.get_by_role("checkbox").all():
        box.set_checked(False)
    for firm in ("Huawei", "ZTE", "Lenovo", "SAIC"):
        cases.get_by_label(firm, exact=True).check()
    page.get_by_label("Hide rows in which all agree").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    heads = ["Huawei", "ZTE", "Lenovo", "SAIC"]
    expect(page.locator("table.compare thead th")).to_have_text(heads)
    denied = page.locator("td.denied").first
    assert "failure" in denied.inner_text()
    with page.expect_download() as download:
        # A browser shows CSV or keeps it, by its settings: keep it.
        page.get_by_role("link", name="CSV", exact=True).evaluate("a => a.download = 'c.csv'")
        page.get_by_role("link", name="CSV", exact=True).click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][1:] == heads
    channels = next(row for row in rows if row[0] == "Learning channels")
    assert "FU-" in channels[1] and channels[4] == ""


def test_a_query_is_written_run_and_shared(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/sparql")
    editor = page.locator(".CodeMirror").first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(
        "PREFIX cu: <https://w3id.org/catchup/ontology/>\n"
        "SELECT ?kind (COUNT(*) AS ?n) WHERE { ?s a ?kind . ?c cu:asserts ?s } "
        "GROUP BY ?kind ORDER BY DESC(?n) LIMIT 5"
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator(".yasr_results tbody tr")).to_have_count(5)
    expect(page.locator(".running output")).to_contain_text("Answered in")
    page.get_by_role("tab", name="Chart").or_(page.get_by_text("Chart", exact=True)).first.click()
    expect(page.locator(".yasr_results svg.drawing rect")).to_have_count(5)
    page.locator(".yasqe_share").first.click()
    link = page.locator(".yasqe_sharePopup input").input_value()
    other = visitor.context.new_page()
    other.goto(link)
    expect(other.locator(".CodeMirror-code").last).to_contain_text("ORDER BY DESC(?n) LIMIT 5")
    with visitor.context.expect_page() as opened:
        other.get_by_role("link", name="cu:GeneralStatement").click()
    expect(opened.value).to_have_url(re.compile("127.0.0.1:[0-9]+/ontology/GeneralStatement.html"))


def test_a_query_that_takes_long_is_cancelled(visitor: Watched, served: Served) -> None:
    page = visitor.page
    join = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c > ?f && ?f > ?i)"
    query = f"SELECT (COUNT(*) AS ?n) WHERE {{ {join} }}"
    page.goto("/sparql#query=" + query.replace(" ", "%20").replace("&", "%26").replace("?", "%3F"))
    expect(page.locator(".CodeMirror-code").last).to_contain_text("COUNT")
    # A query in the address runs at once.
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    cancel.click()
    expect(page.locator(".running output")).to_have_text("Cancelled.")
    assert served.query("ASK {}", "application/json").json() == {"head": {}, "boolean": True}


def choose(page: Page, field: Locator, typed: str, wanted: str) -> None:
    """Type a name and take what the search offers."""
    field.fill(typed)
    page.locator(f"datalist option[value*='({wanted})']").first.wait_for(state="attached")
    offered = page.locator(f"datalist option[value*='({wanted})']").first.get_attribute("value")
    field.fill(offered or "")


def test_a_case_with_mistakes_is_mended_and_sent(visitor: Watched, served: Served) -> None:
    """A new firm with a known partner, a known work, an interview, a proposition; on its pages then."""
    page = visitor.page
    page.goto("/cases/new")
    page.get_by_label("What it is about").fill("Example Works")
    page.get_by_label("Who enters it").fill("Ada")
    page.get_by_label("Authors and year of the work").fill("Doe 2024")
    page.get_by_label("Year", exact=True).fill("twenty")
    page.locator("#f-name").fill("Example Works Ltd")
    claim = page.get_by_role("group", name="Claim 1")
    claim.get_by_label("In your own words").fill("Example Works learned service from Huawei.")
    claim.get_by_label("kind of statement").select_option("finding")
    state = page.locator("#state")
    expect(state).to_contain_text("to mend")
    expect(page.locator("#found")).to_contain_text("publishedYear")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    page.get_by_label("Year", exact=True).fill("")
    choose(page, page.get_by_label("Authors and year of the work"), "Jiang 2011", "jiang2011")
    claim.get_by_label("voice").select_option("informant")
    claim.get_by_label("basis").select_option("interview")
    claim.get_by_label("Evidence").select_option("interview")
    claim.get_by_label("role", exact=True).fill("head of service")
    claim.get_by_label("date: year").fill("2024")
    claim.get_by_label("mode").select_option("telephone")
    claim.get_by_label("inside or outside").select_option("outsideFirm")
    who = claim.get_by_role("combobox", name="who learned", exact=True)
    expect(who).to_have_value("Example Works Ltd")
    choose(page, claim.get_by_role("combobox", name="from whom", exact=True), "Huawei", "huawei")
    claim.get_by_role("textbox", name="capability").fill("service")
    expect(page.locator("#found")).to_contain_text("consentLevel")
    claim.get_by_label("consent").select_option("quoteByRole")
    page.get_by_role("button", name="Add a claim").click()
    claim = page.get_by_role("group", name="Claim 2")
    claim.get_by_label("In your own words").fill("The case supports the first assumption.")
    claim.get_by_label("kind of statement").select_option("finding")
    claim.get_by_label("voice").select_option("authors")
    claim.get_by_label("basis").select_option("document")
    claim.get_by_label("Page").fill("12")
    claim.get_by_label("What it says").select_option("CaseBearing")
    choose(page, claim.get_by_role("combobox", name="proposition", exact=True), "APA1", "APA1")
    claim.get_by_label("bearing").select_option("supports")
    expect(state).to_contain_text("The case conforms")
    page.reload()  # kept in the browser
    expect(page.get_by_label("Who enters it")).to_have_value("Ada")
    expect(state).to_contain_text("The case conforms")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download YAML").click()
    kept = Path(download.value.path()).read_bytes()
    report = served.client.post(
        served.url + "/cases/validate", content=kept, headers={"Content-Type": "application/yaml"}
    ).json()
    assert report["conforms"], report
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Turtle").click()
    assert b"LearningEpisode" in Path(download.value.path()).read_bytes()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Send the case").click()
    expect(page.locator("#sent")).to_contain_text("token")
    visitor.wrong.clear()  # the browser tells of the 401, as it should
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Send the case").click()
    expect(page.locator("#sent")).to_contain_text("Stored as example-works (accepted)")
    asked = "ASK { ?e a cu:LearningEpisode ; cu:hasLearner/rdfs:label 'Example Works Ltd'@en }"
    assert served.query(declared(asked), "application/json").json()["boolean"] is True
    page.goto("/id/example-works-example-works-ltd.html")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Example Works learned service from Huawei.")
    expect(main.locator("#propositions")).to_be_visible()
    page.goto("/compare?case=example-works-example-works-ltd&case=huawei&dim=teachers")
    expect(page.locator("table.compare")).to_contain_text("Huawei")
    expect(page.locator("table.compare")).to_contain_text("EXAMP-0001")
    page.goto("/id/c-examp-0001.html")
    expect(main).to_contain_text("head of service")


def test_a_firm_leads_to_wikidata(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/id/huawei.html")
    page.get_by_role("link", name=re.compile("wd:Q|Wikidata")).first.click()
    page.wait_for_url(re.compile("wikidata.org"))
    assert any(re.search(r"wikidata\.org/entity/Q\d+", u) for u in visitor.outside)


def test_the_evidence_is_reached_by_keyboard_alone(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/compare?case=huawei&case=zte&dim=channels")

    def tab_to(wanted: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == wanted:
                return
        raise AssertionError(f"'{wanted}' is never reached with Tab")

    tab_to("Skip to the content")
    page.keyboard.press("Enter")
    tab_to("8 claims")
    page.keyboard.press("Enter")
    tab_to("FU-0507")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("c-fu-0507"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, served: Served, scheme: str) -> None:
    found: dict[str, list[str]] = {}
    with watched(browser, base_url=served.url, color_scheme=scheme) as seen:
        for path in PAGES:
            seen.page.goto(path)
            if path == "/sparql":
                seen.page.locator(".CodeMirror").first.wait_for()
            if problems := axe(seen.page):
                found[path] = problems
        assert seen.outside == []
        assert [w for w in seen.wrong if KNOWN not in w and "404" not in w] == []
    assert found == {}


def test_paper_has_the_tables_and_no_navigation(visitor: Watched) -> None:
    """Printed, a comparison and a firm are their content, and no table is cut at the side."""
    page = visitor.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 within its margins
    for path in ("/compare?case=huawei&case=zte&case=lenovo&dim=channels", "/id/huawei.html"):
        page.goto(path)
        for part in (".top nav", ".top .find", ".choose"):
            expect(page.locator(part)).to_be_hidden()
        expect(page.locator("main table").first).to_be_visible()
        cut = page.evaluate(
            """[...document.querySelectorAll("main .wide")].filter(
                (e) => getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1
            ).length"""
        )
        assert cut == 0, path
    assert page.pdf().startswith(b"%PDF")


def test_a_drawing_is_taken_away_and_opens_by_itself(visitor: Watched, served: Served) -> None:
    """The SVG of a question's picture: well-formed, with its own styles, nothing from elsewhere."""
    page = visitor.page
    page.goto("/queries/events-of-a-firm?firm=huawei")
    address = page.locator("a[href*='.svg']").first.get_attribute("href")
    answer = served.get(str(address))
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "script" not in {e.tag.rpartition("}")[2] for e in root.iter()}
    page.goto(str(address))
    box = page.locator("svg text").first.bounding_box()
    assert box
    assert box["width"] > 10
    colour = "e => getComputedStyle(e).fill"
    assert page.locator("svg rect, svg circle, svg path").last.evaluate(colour) != "rgb(0, 0, 0)"


def test_the_editor_completes_from_this_graph(visitor: Watched) -> None:
    """A class by its label, as one types; a graph drawn of what is found."""
    page = visitor.page
    page.goto("/sparql")
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+A")
    head = "PREFIX cu: <https://w3id.org/catchup/ontology/>\nSELECT * WHERE { "
    page.keyboard.insert_text(head + "?a a cu:Learning")
    page.keyboard.press("Control+Space")
    page.locator(".CodeMirror-hint", has_text="LearningEpisode").first.click()
    expect(page.locator(".CodeMirror-code")).to_contain_text("cu:LearningEpisode")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(head + "?unit cu:unitOf ?firm } LIMIT 20")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Graph", exact=True).first.click()
    expect(page.locator(".yasr_results svg.drawing text").first).to_be_visible()


def test_a_truth_table_is_chosen_and_made(visitor: Watched) -> None:
    page = visitor.page
    page.goto("/compare?case=huawei&case=zte&case=saic&dim=channels&dim=lacked")
    page.locator("select[name=outcome]").select_option(
        label="Learning channels: learn from customers"
    )
    page.get_by_label("Take what no source says for absent").check()
    page.get_by_role("button", name="Make the truth table").click()
    table = page.locator("table.truth").last
    expect(table).to_contain_text("Consistency")
    expect(table).to_contain_text("Huawei")


def test_no_page_is_wider_than_a_phone(browser: Browser, served: Served) -> None:
    """Nor than 320 px: what is left of 1280 px at four times the size (WCAG 2.2, 1.4.10)."""
    with watched(browser, base_url=served.url, viewport={"width": 320, "height": 640}) as seen:
        for path in (*PAGES, "/docs", "/queries/directions-of-flows"):
            seen.page.goto(path)
            wide = seen.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, f"{path} is {wide} px wide"


def test_a_link_within_a_page_leads_to_its_place(visitor: Watched) -> None:
    """Though what is not in sight has no layout yet."""
    page = visitor.page
    page.goto("/id/huawei.html")
    for name, place in (("All claims", "claims"), ("Propositions", "propositions")):
        page.locator("nav.within").get_by_role("link", name=name).click()
        heading = page.locator(f"#{place}")
        expect(heading).to_be_in_viewport()
        box = heading.bounding_box()
        assert box
        assert box["y"] < 700
