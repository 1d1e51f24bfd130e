"""Regenerates the pictures of docs/images: `python -m tests.pages.screenshots`, `make screenshots`.

They are taken of the real graph, served for the purpose, and shown in the README and the docs.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pages.browser import chromium, watched
from support.built import built_home
from support.serve import start

from catchup.kg.reading.files import ROOT

IMAGES = ROOT / "docs" / "images"
_COMPARE = (
    "/compare?case=huawei&case=zte&case=lenovo&case=saic"
    "&dim=channels&dim=steps&dim=tiers&dim=outcomes&dim=lacked"
)
PAGES = {
    "home": "/",
    "firm": "/id/huawei.html",
    "compare": _COMPARE,
    "editor": "/sparql",
    "question": "/queries/grounds-of-claims",
    "case": "/cases/new",
}
LOOKS: dict[str, dict[str, object]] = {
    "": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "-dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "-phone": {"viewport": {"width": 390, "height": 780}, "color_scheme": "light"},
}


def main() -> None:
    """Write all pictures."""
    home = built_home()
    served = start(home / "manifest.json", home=str(home), client={"seconds": 1e6})
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for look, options in LOOKS.items():
            with watched(browser, base_url=served.url, locale="en-GB", **options) as seen:
                for name, path in PAGES.items():
                    seen.page.goto(path)
                    if name == "editor":
                        seen.page.locator(".yasqe_queryButton").first.click()
                        seen.page.locator(".yasr_results tbody tr").first.wait_for()
                        seen.page.wait_for_timeout(300)
                    if name == "case":
                        seen.page.locator("#state:not(:has-text('…'))").wait_for()
                    if name == "compare":
                        seen.page.locator(".chooser .bar").evaluate(
                            "e => e.scrollIntoView({behavior: 'instant'})"
                        )
                    file = IMAGES / f"{name}{look}.png"
                    seen.page.screenshot(path=file)
                    print(f"{file.relative_to(ROOT)} {file.stat().st_size // 1000} kB")
    served.stop()


if __name__ == "__main__":
    main()
