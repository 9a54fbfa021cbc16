"""What tests ask of a page in the browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


def scrolls_sideways(page: Page) -> bool:
    """Whether the page, with all its styles, is wider than its window."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def scripts_late(page: Page, address: str) -> Iterator[None]:
    """Within it the page stands there and its scripts are still on their way; after it they have come."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    # The others are deferred: none runs before this one.
    page.route("**/htmx.min.js", hold)
    with page.expect_request("**/htmx.min.js"):
        page.goto(address, wait_until="commit")
    yield
    for route in held:
        route.continue_()
    page.unroute("**/htmx.min.js")
    page.wait_for_load_state()
