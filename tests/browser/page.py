"""A real Chromium that opens dashboards of a running stack, as somebody who has just logged in."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Response, expect, sync_playwright

ARGUMENTS = [  # a headless browser that talks to nobody but the page
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PIXEL = "scarf.sh"  # the front end's usage pixel; the page's own policy blocks it, and the browser says so
PATIENCE_MS = 600_000  # before a fact of the page that never comes true fails the test
# A chart is drawn when there is something of it: a canvas, a table, a number.
DRAWN = """count => {
    const charts = [...document.querySelectorAll('[data-test=chart-container]')];
    const drawn = charts.filter(chart => chart.innerText.trim() || chart.querySelector('canvas, table'));
    return drawn.length >= count && drawn.length === charts.length
        && !document.querySelector('[data-test=loading-indicator], .loading');
}"""


@dataclass
class Watch:
    """The responses that a page got, and the errors in it."""

    responses: list[Response] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("response", lambda one: self.responses.append(one) if "/chart/data" in one.url else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def results(self) -> list[dict[str, Any]]:
        """Every response to a query of a chart or of a filter's list, with the chart's kind."""
        results = []
        for response in self.responses:
            query = response.request.post_data_json
            if query["queries"][0].get("result_type") == "timegrains":  # a list of words, of no table
                continue
            assert response.status == 200, response.text()
            results += [{"of": query["form_data"]["viz_type"]} | result for result in response.json()["result"]]
        return results

    def real_errors(self) -> list[str]:
        """Those that the product is to blame for."""
        return [error for error in self.errors if PIXEL not in error]


@contextmanager
def logged_in(superset: str, password: str) -> Iterator[Page]:
    """A page of a browser in which admin has logged in; ``superset``: http://host:port."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert executable, "Chromium is not installed; run tests/browser/chromium.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        # as high as a dashboard: Superset draws a chart when it comes into view
        page = browser.new_page(viewport={"width": 1600, "height": 3000}, base_url=superset)
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/login/")
        page.locator("input#username, input[name=username]").first.fill("admin")
        page.locator("input#password, input[name=password]").first.fill(password)
        page.locator("button[type=submit], input[type=submit]").first.click()
        page.wait_for_url(re.compile("welcome|dashboard"))
        yield page
        browser.close()


def open_dashboard(page: Page, slug: str, *, charts: int) -> None:
    """Open a dashboard and wait until every chart of it is drawn."""
    page.goto(f"/superset/dashboard/{slug}/")
    wait_until_drawn(page, charts)


def wait_until_drawn(page: Page, charts: int) -> None:
    """Until there are as many charts, each shows something, and none is being loaded."""
    page.wait_for_function(DRAWN, arg=charts, timeout=PATIENCE_MS)


def assert_no_error_is_shown(page: Page) -> None:
    for text in ("Unexpected error", "Data error", "No results were returned", "error occurred"):
        expect(page.get_by_text(text)).to_have_count(0)


def big_number(page: Page, title: str) -> str:
    """The number of a chart that shows nothing else."""
    match = re.search(rf"^{title}\n(?:\d+\n)?(\$?[\d,.]+)", page.locator("body").inner_text(), re.MULTILINE)
    assert match, f"the chart {title} shows no number"
    return match[1]


def choose(page: Page, name: str, value: str) -> None:
    """Pick a value in the filter bar and apply it."""
    bar = page.locator("[data-test=filter-bar]")
    control = bar.locator("[data-test=form-item-value]").filter(has=page.get_by_label(name)).first
    if control.count() == 0:
        control = bar.get_by_label(name).first
    control.click()
    page.keyboard.type(value)
    page.get_by_title(value, exact=True).first.click()
    page.keyboard.press("Escape")
    bar.locator("[data-test=filter-bar__apply-button]").click()


def period(page: Page) -> tuple[str, str]:
    """Begin and end of the time range in the filter bar."""
    days = re.findall(r"\d{4}-\d\d-\d\d", page.locator("[data-test=filter-bar]").inner_text())
    return days[0], days[1]
