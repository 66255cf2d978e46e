"""Open a built site in Chromium: ``python docs/browse.py DIRECTORY CHROMIUM``.

Search finds a page, no page complains on the console, each image is there, and no page scrolls
sideways on a phone, 375 pixels wide.
"""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BROKEN = "() => [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SEEN_IN_DARK = "() => getComputedStyle(document.body).backgroundColor"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def look(page: Page, url: str) -> list[str]:
    """Return what is wrong with a page."""
    page.goto(url, wait_until="load")
    wrong = [f"{url}: broken image {source}" for source in page.evaluate(BROKEN)]
    if (excess := page.evaluate(TOO_WIDE)) > 0:
        wrong.append(f"{url}: {excess} pixels too wide")
    return wrong


def search(page: Page, base: str) -> list[str]:
    """Return what is wrong with the search."""
    page.goto(f"{base}/search.html?q=hibernate", wait_until="load")
    page.wait_for_selector("#search-results li", timeout=30_000)
    found = page.locator("#search-results li").count()
    return [] if found else ["search does not find 'hibernate'"]


def visit(base: str, names: list[str], chromium: str) -> list[str]:
    """Return what is wrong with the pages."""
    wrong: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 375, "height": 800})
        page.on("console", lambda each: wrong.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for name in names:
            wrong += look(page, f"{base}/{name}")
        wrong += search(page, base)
        page.goto(f"{base}/index.html")
        light = page.evaluate(SEEN_IN_DARK)
        page.emulate_media(color_scheme="dark")
        if page.evaluate(SEEN_IN_DARK) == light:
            wrong.append("there is no dark mode")
        browser.close()
    return wrong


if __name__ == "__main__":
    site = Path(sys.argv[1])
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        problems = visit(f"http://127.0.0.1:{server.server_port}", pages, sys.argv[2])
        server.shutdown()
    print(f"{len(pages)} pages, {len(problems)} problems")
    sys.exit("\n".join(problems) or 0)
