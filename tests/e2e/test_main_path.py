"""The main job as a person does it, in a real browser."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser

INBOX = '[data-testid="stFileUploader"] input[type=file]'


def upload(page: Page, place: int, files: list[Path]) -> None:
    """Drop pictures into an inbox and wait until each is shown."""
    page.locator(INBOX).nth(place).set_input_files(files)
    for file in files:
        expect(page.get_by_alt_text(re.compile(re.escape(file.stem))).first).to_be_visible(timeout=60_000)
    settle(page)


def rename(page: Page, place: int, name: str) -> None:
    field = page.get_by_role("textbox", name="Name of the class").nth(place)
    field.fill(name)
    field.press("Enter")
    expect(page.get_by_label(f"Add pictures of {name}").first).to_be_attached(timeout=60_000)
    settle(page)


def open_page(page: Page, name: str, heading: str) -> None:
    follow(page, name)
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    settle(page)


def test_own_photos_from_upload_to_flow(page: Page, address: str, photos: Path) -> None:
    page.goto(address)
    page.get_by_role("button", name="Use my own pictures").click()
    expect(page.get_by_role("heading", name="Classify", exact=True)).to_be_visible()
    settle(page)
    for place, name in enumerate(("cat", "fish")):
        upload(page, place, [photos / name / f"{name} 0.jpg"])
        rename(page, place, name)

    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a picture"}
    cut: FilePayload = {
        "name": "cut.jpg",
        "mimeType": "image/jpeg",
        "buffer": (photos / "cat" / "cat 1.jpg").read_bytes()[:1500],
    }
    page.locator(INBOX).nth(2).set_input_files([notes, cut])
    report = page.get_by_role("alert").filter(has_text="0 pictures added, 2 skipped")
    expect(report).to_be_visible(timeout=60_000)
    expect(report).to_contain_text("notes.txt")
    expect(report).to_contain_text("cut.jpg")
    settle(page)
    upload(page, 2, [photos / "cat" / "cat 1.jpg", photos / "fish" / "fish 1.jpg"])

    page.get_by_role("button", name="Classify", exact=True).click()
    answers = page.get_by_text("Most like")
    expect(answers).to_have_count(2, timeout=240_000)
    assert {word for text in answers.all_inner_texts() for word in ("cat", "fish") if word in text}

    page.reload()
    expect(page.get_by_text("Most like")).to_have_count(2)
    open_page(page, "Start", "See why a picture looks like another")
    open_page(page, "Classify", "Classify")
    expect(page.get_by_text("Most like")).to_have_count(2)

    page.get_by_role("button", name="Why?").first.click()
    page.get_by_role("button", name="See the matching").click()
    figure = page.locator(".js-plotly-plot").first
    expect(figure).to_be_visible(timeout=240_000)
    settle(page)
    expect(page.get_by_text("residual").first).to_be_visible()
    row = page.get_by_role("spinbutton", name="Row")
    expect(row).to_have_value("")
    box = figure.locator(".nsewdrag").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
    expect(row).to_have_value("2")
    expect(page.get_by_role("spinbutton", name="Column")).to_have_value("2")
    settle(page)
    expect(page.locator("td", has_text="(2, 2)").first).to_be_attached()


def test_sample_episode_is_one_click_and_impatience_is_harmless(page: Page, address: str) -> None:
    try_sample(page, address)
    answered = page.get_by_text("Most like").count()
    button = page.get_by_role("button", name="Classify", exact=True)
    for _ in range(5):
        button.click(force=True, no_wait_after=True)
    settle(page)
    expect(page.get_by_text("Most like")).to_have_count(answered)
    with page.expect_download() as download:
        page.get_by_role("button", name="Results as JSON").click()
    answer = json.loads(Path(download.value.path()).read_text())
    assert len(answer["predictions"]) == answered
    for prediction in answer["predictions"]:
        assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_an_example_is_switched_off_and_on_by_keyboard_alone(page: Page, address: str) -> None:
    try_sample(page, address)
    page.get_by_role("button", name=re.compile(r"Switch .*webp off")).first.focus()
    for now in ("on", "off"):
        page.keyboard.press("Enter")
        expect(page.locator("button:focus")).to_contain_text(re.compile(f"Switch .*webp {now}"))
        settle(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screens_need_no_sideways_scrolling(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 390, "height": 844})
    try_sample(page, address)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    page.get_by_role("button", name="Why?").first.click()
    page.get_by_role("button", name="See the matching").click()
    expect(page.locator(".js-plotly-plot:visible").first).to_be_visible(timeout=240_000)
    settle(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0


def test_nothing_leaves_this_computer_and_every_image_has_a_text(page: Page, address: str) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    try_sample(page, address)
    expect(page.get_by_alt_text(re.compile("^Query: ")).nth(5)).to_be_visible()
    expect(page.get_by_alt_text(re.compile("^Example of ")).nth(4)).to_be_visible()
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    page.get_by_role("button", name="Why?").first.click()
    page.get_by_role("button", name="See the matching").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=240_000)
    settle(page)
    assert not [url for url in elsewhere if not url.startswith((address, "data:", "blob:", "ws:"))]
