"""A page is left while it waits for something, and answers travel slowly: the click counts all the same."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import SHOWN, follow

pytestmark = pytest.mark.browser

SLOW = """
const add = WebSocket.prototype.addEventListener;
const late = (socket, act) => (event) => setTimeout(() => act.call(socket, event), 700);
WebSocket.prototype.addEventListener = function (kind, act, ...rest) {
  return add.call(this, kind, kind === "message" ? late(this, act) : act, ...rest);
};
Object.defineProperty(WebSocket.prototype, "onmessage", {
  set(act) { add.call(this, "message", late(this, act)); },
});
"""


def test_a_page_is_left_while_it_waits(page: Page, address: str) -> None:
    page.add_init_script(SLOW)
    page.goto(address)
    page.get_by_role("button", name="Try the sample episode").click()
    expect(page.get_by_text("Most like").first).to_be_visible()
    for title, name in (("Heat maps", "heat_maps"), ("Neighbours", "neighbours"), ("Heat maps", "heat_maps")):
        follow(page, title)
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        if name == "neighbours":
            page.locator(SHOWN[name]).wait_for()
        else:
            page.get_by_test_id("stMain").get_by_role("button", name="Stop").wait_for()
    page.wait_for_timeout(1000)
    follow(page, "Classify")
    expect(page.get_by_text("Most like").first).to_be_visible()
