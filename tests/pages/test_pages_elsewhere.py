"""Pages of a server that passes its queries on to another endpoint, with an index of its own."""

from __future__ import annotations

import re
from pathlib import Path

from support.serve import Served, start

HTML = {"Accept": "text/html"}


def test_pages_over_another_endpoint_are_the_same(site: Served, home: Path) -> None:
    """Every kind of page shows what it shows over the embedded store; without an index they say so."""

    def main(served: Served, path: str) -> str:
        answer = served.get(path, headers=HTML | {"Cookie": "catchup-lang=en"})
        assert answer.status_code == 200, path
        body = re.search(r"<main.*</main>", answer.text, re.DOTALL)
        assert body
        # addresses of the server itself, and the snapshot that an endpoint elsewhere does not tell
        found = re.sub(r"<pre.*?</pre>", "", body[0], flags=re.DOTALL)  # Turtle: in any order
        return re.sub(r"http://127\.0\.0\.1:\d+|[Ss]napshot [0-9a-f]*", "", found)

    remote = start(home / "manifest.json", home=str(home), store=f"{site.url}/sparql")
    try:
        for path in ("/", "/id/huawei.html", "/id/c-fu-0301.html", "/compare", "/propositions",
                     "/sources/fu2018/fu2018-t3", "/queries/events-of-a-firm?firm=huawei"):  # fmt: skip
            assert main(remote, path) == main(site, path), path
        why = "/explain?s=d:huawei&p=a&o=cu:ReverseLearningFirm"
        problem = remote.get(why, headers={"Accept": "application/json"})
        assert problem.status_code == 501
        assert problem.json()["type"].endswith("/held-elsewhere")
        assert "--store" in problem.json()["remedy"]
        assert "another endpoint" in remote.get(why, headers=HTML).text
    finally:
        remote.stop()
    bare = start(home / "none" / "manifest.json", store=f"{site.url}/sparql")
    try:
        problem = bare.get("/id/huawei.html", headers={"Accept": "application/json"})
        assert problem.status_code == 503
        assert "--home" in problem.json()["remedy"]
    finally:
        bare.stop()
