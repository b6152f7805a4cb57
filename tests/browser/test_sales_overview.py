"""What a person sees: a real Chromium opens the dashboard of the running stack, and filters it."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.stack import Stack

ARGUMENTS = [  # a headless browser that talks to nobody but the page
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PIXEL = "scarf.sh"  # the front end's usage pixel; the page's own policy blocks it, and the browser says so
CHARTS = 12  # KPIs, areas, bars, pies, heat map, treemap, pivot and table of superset/dashboards/sales_overview.yaml
PATIENCE_MS = 90_000  # a cold Superset on two busy cores


@dataclass
class Watch:
    """What the page was answered, and what went wrong in it."""

    answers: list[Response] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("response", lambda answer: self.answers.append(answer) if "/chart/data" in answer.url else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)

    def results(self) -> list[dict[str, Any]]:
        """Every answer to a query of a chart or of a filter's list, with the chart's kind."""
        found = []
        for answer in self.answers:
            asked = answer.request.post_data_json
            if asked["queries"][0].get("result_type") == "timegrains":  # a list of words, asked of no table
                continue
            assert answer.status == 200, answer.text()
            found += [{"of": asked["form_data"]["viz_type"]} | result for result in answer.json()["result"]]
        return found


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert executable, "Chromium is not installed; run tests/browser/chromium.sh"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page(stack: Stack, browser: Browser, watch: Watch) -> Iterator[Page]:
    """The dashboard, opened by somebody who has just logged in."""
    page = browser.new_page(
        viewport={"width": 1600, "height": 1400}, base_url=f"http://127.0.0.1:{stack.superset_port}"
    )
    page.set_default_timeout(PATIENCE_MS)
    if stack.release() is None:  # this folder run alone
        stack.sync_by_schedule()
    stack.biaac("dashboards", "apply")  # warm, whatever release other tests went back to
    log_in(page, stack.password)
    watch.follow(page)
    open_dashboard(page)
    yield page
    page.close()


def log_in(page: Page, password: str) -> None:
    page.goto("/login/")
    page.locator("input#username, input[name=username]").first.fill("admin")
    page.locator("input#password, input[name=password]").first.fill(password)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(re.compile("welcome|dashboard"))


def open_dashboard(page: Page) -> None:
    """Until every chart has its answer and has been drawn."""
    page.goto("/superset/dashboard/sales_overview/")
    page.wait_for_selector("[data-test=chart-container]")
    settle(page)


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-test=loading-indicator], .loading")).to_have_count(0, timeout=PATIENCE_MS)


def test_every_chart_is_drawn_and_none_shows_an_error(page: Page) -> None:
    charts = page.locator("[data-test=chart-container]")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    settle(page)
    assert charts.count() >= CHARTS
    for text in ("Unexpected error", "Data error", "No results were returned", "error occurred"):
        expect(page.get_by_text(text)).to_have_count(0)


def test_every_answer_was_waiting_in_the_cache(page: Page, watch: Watch) -> None:
    """The queries that a refresh warms are those a browser sends; another Superset may send others."""
    results = watch.results()
    assert len(results) > CHARTS
    assert [result["of"] for result in results if result["error"] or not result["rowcount"]] == []
    assert [result["of"] for result in results if not result["is_cached"]] == []


def test_nothing_went_wrong_in_the_page(page: Page, watch: Watch) -> None:
    assert [fault for fault in watch.faults if PIXEL not in fault] == []


def test_it_says_how_far_the_data_reaches_and_which_release_it_is(page: Page, stack: Stack) -> None:
    release = stack.release()
    assert release is not None and release.data_as_of is not None
    body = page.locator("body").inner_text()
    assert f"{release.data_as_of:%Y-%m-%d}" in body or f"{release.data_as_of:%B}" in body
    assert release.id in body


def test_a_filter_changes_the_number_to_the_right_one(page: Page, stack: Stack) -> None:
    before = kpi(page)
    choose(page, "Department", "FUEL")
    expect(page.locator("body")).not_to_contain_text(before, timeout=PATIENCE_MS)
    settle(page)
    weeks = period(page)
    ((revenue,),) = stack.ask(
        "SELECT sum(revenue) FROM gold.sales WHERE department = 'FUEL'"
        f" AND sale_date >= DATE '{weeks[0]}' AND sale_date < DATE '{weeks[1]}'"
    )
    assert kpi(page) == f"${revenue:,.0f}"


def test_a_filter_within_another_offers_what_is_left(page: Page, stack: Stack) -> None:
    """Follows the test above: FUEL is chosen."""
    ((categories,),) = stack.ask("SELECT count(DISTINCT product_category) FROM gold.sales WHERE department = 'FUEL'")
    bar = page.locator("[data-test=filter-bar]")
    expect(bar.get_by_text(re.compile(rf"^{categories} options?$")).first).to_be_visible(timeout=PATIENCE_MS)


def test_the_picture_in_the_readme_is_of_this_dashboard(page: Page, tmp_path: Path) -> None:
    open_dashboard(page)
    picture = page.screenshot(path=tmp_path / "sales_overview.png", full_page=True)
    assert len(picture) > 50_000  # an empty page is a tenth of it


def kpi(page: Page) -> str:
    """The big number of the chart Revenue."""
    found = re.search(r"^Revenue\n(?:\d+\n)?(\$[\d,]+)", page.locator("body").inner_text(), re.MULTILINE)
    assert found, "the chart Revenue shows no number"
    return found[1]


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
    found = re.findall(r"\d{4}-\d\d-\d\d", page.locator("[data-test=filter-bar]").inner_text())
    return found[0], found[1]
