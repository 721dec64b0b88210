"""A page is left while it waits for something, and answers travel slowly: the click counts all the same."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import SHOWN, follow, try_sample

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
    try_sample(page, address)
    follow(page, "Heat maps")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").wait_for()
    follow(page, "Neighbours")
    page.locator(SHOWN["neighbours"]).wait_for()
    expect(page.get_by_role("heading", name="Neighbours", level=1)).to_be_visible()
