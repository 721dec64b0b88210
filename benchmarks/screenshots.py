"""The screenshots of the README: `make screenshots` writes every page, wide and narrow, light and dark, to docs/."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import ROOT, browser, running_app, settle

FOLDER = ROOT / "docs"
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def whole(page: Page, width: int, height: int) -> None:
    """Make the window as high as the page's content."""
    content = page.locator('[data-testid="stMainBlockContainer"]').evaluate("element => element.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, int(content) + 80)})
    page.wait_for_timeout(1500)
    settle(page)


def save(page: Page, name: str) -> None:
    """Write one screenshot as WebP."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        page.screenshot(path=path)
        Image.open(path).convert("RGB").save(FOLDER / f"{name}.webp", quality=82, method=6)
    print(FOLDER / f"{name}.webp")


def shoot(opened: Browser, address: str, size: str, scheme: str) -> None:
    """Walk through all pages of the sample episode once."""
    width, height = SIZES[size]
    context = opened.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(address)
    page.get_by_role("button", name="Try the sample episode").wait_for()
    settle(page)
    save(page, f"start-{size}-{scheme}")
    page.get_by_role("button", name="Try the sample episode").click()
    page.get_by_text("Most like").first.wait_for()
    settle(page)
    skip = page.get_by_role("button", name="Skip tour")  # there in the first visit
    if skip.count():
        skip.click()
        skip.wait_for(state="detached")
        settle(page)
    whole(page, width, height)
    save(page, f"classify-{size}-{scheme}")
    page.get_by_role("button", name="See the matching").first.click()
    page.locator(".js-plotly-plot:visible").first.wait_for()
    settle(page)
    whole(page, width, height)
    save(page, f"matching-{size}-{scheme}")
    for name, shown in (("compare", page.get_by_text("methods agree")), ("transport", page.locator(".js-plotly-plot"))):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}/{name}?{urlsplit(page.url).query}")
        shown.first.wait_for()
        settle(page)
        whole(page, width, height)
        save(page, f"{name}-{size}-{scheme}")
    context.close()


def main() -> None:
    """Every size in both colour schemes."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running_app(Path(home)) as server, browser() as opened:
        for size in SIZES:
            for scheme in ("light", "dark"):
                shoot(opened, server.address, size, scheme)


if __name__ == "__main__":
    main()
