"""The screenshots of the README: `make screenshots` writes every page, wide and narrow, light and dark, to docs/.

`python -m benchmarks.screenshots training` writes those of one part alone.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import ROOT, SHOWN, browser, running_app, settle
from benchmarks.training import one_done_one_under_way

FOLDER = ROOT / "docs"
EPOCHS = 8  # of the run that is done
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


@contextmanager
def opened_page(opened: Browser, size: str, scheme: str) -> Iterator[Page]:
    """An empty page of one size in one colour scheme."""
    width, height = SIZES[size]
    context = opened.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.set_default_timeout(240_000)
    yield page
    context.close()


def shoot_training(page: Page, address: str, size: str, scheme: str) -> None:
    """The Training page, on which a run is under way."""
    page.goto(f"{address}/training")
    page.locator(".js-plotly-plot").nth(4).wait_for()
    settle(page)
    whole(page, *SIZES[size])
    save(page, f"training-{size}-{scheme}")


def show_attention(page: Page) -> None:
    """Set the backbone that has attention heads beside the chosen one."""
    page.get_by_role("combobox", name="Beside").first.click()
    page.get_by_role("option", name="ResNet-12 narrow with CE+SC, 84 px").click()
    page.locator(f"{SHOWN['alignment'].partition(' >>')[0]} >> nth=5").wait_for()
    settle(page)


def shoot_sample(page: Page, address: str, size: str, scheme: str) -> None:
    """Walk through the pages of the sample episode once."""
    width, height = SIZES[size]
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
    page.get_by_role("button", name="Why?").first.click()
    for name, shown in SHOWN.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{address}/{name}?{urlsplit(page.url).query}")
        page.locator(shown).first.wait_for()
        settle(page)
        if name == "alignment":
            show_attention(page)
        whole(page, width, height)
        save(page, f"{name}-{size}-{scheme}")


PARTS = {"sample": shoot_sample, "training": shoot_training}


def main() -> None:
    """The part that is named, or all of them; every size in both colour schemes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("part", nargs="?", choices=tuple(PARTS), help="(default: all)")
    chosen = parser.parse_args().part
    FOLDER.mkdir(exist_ok=True)
    for part in [chosen] if chosen else PARTS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            home = Path(folder)
            if part == "training":
                stack.enter_context(one_done_one_under_way(home, EPOCHS))
            server, opened = stack.enter_context(running_app(home)), stack.enter_context(browser())
            for size in SIZES:
                for scheme in ("light", "dark"):
                    with opened_page(opened, size, scheme) as page:
                        PARTS[part](page, server.address, size, scheme)


if __name__ == "__main__":
    main()
