"""What a person sees: a real Chromium opens the dashboards of the running stack, and filters one."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page import (
    PATIENCE_MS,
    Watch,
    assert_no_error_is_shown,
    big_number,
    choose,
    logged_in,
    open_dashboard,
    period,
    wait_until_drawn,
)
from tests.stack import Stack

ORDERS, TICKETS = 7, 5  # charts of the dashboards in tests/company/superset/dashboards


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def page(stack: Stack, watch: Watch) -> Iterator[Page]:
    """The dashboard of orders, all drawn."""
    if stack.release() is None:  # this folder run alone
        stack.sync_by_schedule("shop")
        stack.sync_by_schedule("support")
    stack.biaac("dashboards", "apply")  # warm, whatever release other tests went back to
    with logged_in(f"http://127.0.0.1:{stack.superset_port}", stack.password) as page:
        watch.follow(page)
        open_dashboard(page, "orders", charts=ORDERS)
        yield page


def test_every_chart_is_drawn_and_none_shows_an_error(page: Page, watch: Watch) -> None:
    assert_no_error_is_shown(page)
    assert watch.real_errors() == []


def test_every_response_came_from_superset_own_cache(page: Page, watch: Watch) -> None:
    """The queries that a refresh warms are those a browser sends; another Superset may send others."""
    results = watch.results()
    assert len(results) >= ORDERS
    assert [result["of"] for result in results if result["error"] or not result["rowcount"]] == []
    assert [result["of"] for result in results if not result["is_cached"]] == []


def test_it_says_how_far_the_data_reaches_and_which_release_it_is(page: Page, stack: Stack) -> None:
    release = stack.release()
    assert release is not None
    as_of = release.as_of("gold.orders")
    assert as_of is not None
    body = page.locator("body").inner_text()
    assert f"{as_of:%Y-%m-%d}" in body or f"{as_of:%B}" in body
    assert release.id in body


def test_a_filter_changes_the_number_to_the_right_one(page: Page, stack: Stack) -> None:
    begin, end = period(page)
    ((revenue,),) = stack.rows(
        "SELECT sum(amount) FROM gold.orders WHERE country = 'Brazil'"
        f" AND order_day >= DATE '{begin}' AND order_day < DATE '{end}'"
    )
    assert big_number(page, "Revenue") != f"${revenue:,.0f}"
    choose(page, "Country", "Brazil")
    expect(page.locator("body")).to_contain_text(f"${revenue:,.0f}", timeout=PATIENCE_MS)
    wait_until_drawn(page, ORDERS)
    assert big_number(page, "Revenue") == f"${revenue:,.0f}"
    # a filter within another offers what is left: the channels of that country, in any period
    ((channels,),) = stack.rows(
        "SELECT count(DISTINCT coalesce(channel, '')) FROM gold.orders WHERE country = 'Brazil'"
    )
    bar = page.locator("[data-test=filter-bar]")
    expect(bar.get_by_text(re.compile(rf"^{channels} options?$")).first).to_be_visible(timeout=PATIENCE_MS)


def test_charts_of_every_other_kind_are_drawn(page: Page, watch: Watch) -> None:
    open_dashboard(page, "tickets", charts=TICKETS)
    assert_no_error_is_shown(page)
    assert watch.real_errors() == []
