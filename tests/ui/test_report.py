"""The hand-in report: one whole, valid file that says what the app said, whatever things are named."""

import base64
import io
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fsl_core.classifiers import CLASSIFIERS
from fsl_core.errors import OptionError
from fsl_core.images import encode_png
from fsl_core.manifest import read_manifest
from fsl_core.ui import reproduce
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query, Settings
from fsl_core.ui.project import Project
from fsl_core.ui.report import METHODS, html
from fsl_core.ui.store import Store

VOID = {"meta", "img", "br", "input", "link", "hr"}
OUTSIDE = re.compile(r"""(?:src|href|action)\s*=(?!["']?data:)|url\(|@import|<script|<iframe|<object|\bon\w+\s*=""")
PIXELS = re.compile(r"(?<=base64,)[\w+/=]+")
HOSTILE = (
    '<script>alert("1")</script>',
    "a\" onerror='x' <b>&amp; {{ 7 * 7 }}",
    "\u202eשלום\u0000 עולם",
    "👩‍🔬\ud800🐈" * 30,
)


class Page(HTMLParser):
    """The elements and the text of a page; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.cells: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    """Two classes in use and one that is off, four queries: right, wrong, true class not known, not classified."""
    store, project = Store.create(Settings(backbone="tiny", seed=5).with_option("deepemd", "temperature", 3.0))

    def picture(shade: int) -> Picture:
        return store.add(encode_png(np.full((30, 400, 3), shade, np.uint8)), f"shade {shade}.png")

    first = ImageClass("a", "Ant", (picture(1), picture(2)))
    classes = (replace(first, off=frozenset({first.pictures[1].id})), ImageClass("b", "Bee", (picture(3),)))
    off = ImageClass("c", "Cicada", (picture(4),), is_off=True)
    queries = (Query(picture(5), "a"), Query(picture(6), "a"), Query(picture(7)), Query(picture(8), "c"))
    project = replace(project, classes=(*classes, off), queries=queries, name="Insects of June")
    key = project.support_key(read_manifest()["tiny"].sha256)
    rows = ((0.83, 0.17), (0.45, 0.55), (0.2, 0.8))
    ids = tuple(query.id for query in queries[:3])
    answer = Answer(key, "tiny", "deepemd", False, ("a", "b"), ("A", "B"), ids, rows, rows, 0.5, 0.25, 3)
    return store, replace(project, answer=answer)


def written(store: Store, project: Project, **more: object) -> str:
    return html(project, store, read_manifest(), day=date(2026, 3, 4), **more)


def test_the_report_says_what_the_app_said(work: tuple[Store, Project]) -> None:
    store, project = work
    text = written(store, project, student="Ada <L>", reasons={project.queries[2].id: "It is <far> from both."})
    page = Page(text)
    assert "Insects of June" in page.words and "Ada <L>" in page.words and "4 March 2026" in page.words
    assert (page.words.count("✓ right"), page.words.count("✗ wrong")) == (1, 1)
    assert page.words.count("Most like Ant") == 1 and page.words.count("Most like Bee") == 2
    assert all(words in page.words for words in ("83 %", "17 %", "55 %", "clearly; next", "a close call; next"))
    assert "It is <far> from both." in page.words
    assert page.words.count("Not classified yet.") == 1 and "True class: Cicada" in page.words
    assert "accuracy: 1 of 2 with a known class right" in page.words and "50 %" in page.words
    start = page.cells.index("True class")
    assert page.cells[start : start + 9] == ["True class", "Ant", "Bee", "Ant", "1", "1", "Bee", "0", "0"]
    assert {(one.get("scope")) for one in page.all("th")} == {"col", "row"}
    assert reproduce.command(project, read_manifest()) in page.words
    for name, fact in reproduce.facts(project, read_manifest()["tiny"], date(2026, 3, 4)).items():
        assert page.cells[page.cells.index(name) + 1] == fact
    assert CLASSIFIERS["deepemd"].reference in page.words and METHODS["deepemd"] in page.words


def test_what_is_switched_off_is_marked(work: tuple[Store, Project]) -> None:
    page = Page(written(*work))
    alts = [one["alt"] or "" for one in page.all("img")]
    assert [alt for alt in alts if "switched off" in alt] == ["Example of Ant: shade 2.png (switched off)"]
    assert page.words.count("switched off") == 3  # the picture, its class, the sentence above
    assert "What is switched off was not used." in page.words
    assert "1 of 2 examples used" in page.words and "1 example used" not in page.words
    store, project = work
    assert (
        "switched off" not in Page(written(store, project.with_switched("c").with_switched("a", _off(project)))).words
    )


def _off(project: Project) -> str:
    return next(iter(project.classes[0].off))


def test_the_file_stands_alone(work: tuple[Store, Project]) -> None:
    store, project = work
    text = written(store, project)
    assert not OUTSIDE.search(PIXELS.sub("", text))
    assert "http" not in text.replace(CLASSIFIERS["deepemd"].reference, "").replace("http-equiv", "")
    assert str(store.folder) not in text and str(store.folder.parents[2]) not in text and project.id not in text
    page = Page(text)
    pictures = page.all("img")
    assert len(pictures) == 8 and all((one["alt"] or "").strip() for one in pictures)
    sources = [one["src"] or "" for one in pictures]
    for source in sources:
        image = Image.open(io.BytesIO(base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))))
        assert image.format == "JPEG" and max(image.size) == 192
    assert len(set(sources)) == 8
    assert page.all("html") == [{"lang": "en"}]
    fields = [one for name, one in page.elements if "contenteditable" in one]
    assert [one["aria-labelledby"] for one in fields] == ["name"]
    named = {one["id"] for _, one in page.elements if "id" in one}
    assert {one["aria-labelledby"] for _, one in page.elements if "aria-labelledby" in one} <= named


def test_outdated_answers_are_left_out(work: tuple[Store, Project]) -> None:
    store, project = work
    page = Page(written(store, project.with_switched("c")))
    assert page.words.count("Not classified yet.") == 4
    assert "Most like" not in page.words and "accuracy" not in page.words and "Confusion" not in page.words
    renamed = Page(written(store, project.renamed("a", "Aardvark")))
    assert "Most like Aardvark" in renamed.words and "Most like Ant" not in renamed.words


def test_the_quiz_is_scored(work: tuple[Store, Project]) -> None:
    store, project = work
    assert "Quiz" not in Page(written(store, project)).words
    first, second, *_ = project.queries
    page = Page(written(store, replace(project, guesses={first.id: "a", second.id: "a"})))
    assert "You have 2 of 2 right, the model 1." in page.words
    assert page.words.count("Guessed in the quiz: Ant") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_text(name: str, work: tuple[Store, Project]) -> None:
    store, project = work
    queries = tuple(replace(one, picture=replace(one.picture, name=name)) for one in project.queries)
    classes = (replace(project.classes[0], name=name), *project.classes[1:])
    plain = Page(written(store, project, student="s"))
    text = written(store, replace(project, name=name, queries=queries, classes=classes), student=name)
    page = Page(text.encode().decode())
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert not OUTSIDE.search(re.sub(r'(alt|title)="[^"]*"|>[^<]*<', "", PIXELS.sub("", text)))
    assert not set(page.words) & set("\u202e\0\ud800")
    assert ("49" in page.words) == ("49" in plain.words), "names are no templates"
    if len(name) < 80 and name.isascii():
        assert page.words.count(name) >= 8 and any(one["alt"] == f"Asked about: {name}" for one in page.all("img"))


def test_many_pictures_are_a_few_megabytes(work: tuple[Store, Project]) -> None:
    store, project = work
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    one = store.add(encode_png(noise), "noise.png")
    classes = tuple(ImageClass(f"{row}", f"Class {row}", (one,) * 20) for row in range(20))
    text = written(store, replace(project, classes=classes, queries=(Query(one),) * 200, answer=None))
    assert text.count("<img") == 600
    assert len(text) < 5_000_000


def test_many_classes_have_numbered_columns(work: tuple[Store, Project]) -> None:
    store, project = work
    many = tuple(ImageClass(str(row), f"Class of {row}", project.classes[0].pictures[:1]) for row in range(8))
    project = replace(project, classes=many, queries=(replace(project.queries[0], true_class="6"),))
    row = tuple(0.3 if column == 6 else 0.1 for column in range(8))
    ids, names = tuple(one.id for one in many), tuple(one.name for one in many)
    key = project.support_key(read_manifest()["tiny"].sha256)
    answer = replace(project.answer, key=key, class_ids=ids, class_names=names, probabilities=(row,), logits=(row,))
    page = Page(written(store, replace(project, answer=replace(answer, query_ids=(project.queries[0].id,)))))
    start = page.cells.index("True class")
    assert page.cells[start + 1 : start + 9] == [str(number) for number in range(1, 9)]
    assert [one["aria-label"] for one in page.all("th") if "aria-label" in one] == list(names)
    row_start = page.cells.index("7 Class of 6")
    assert page.cells[row_start + 1 : row_start + 9] == ["0"] * 6 + ["1", "0"]
    assert "3 others" in page.words


def test_every_method_is_explained_in_three_sentences() -> None:
    assert METHODS.keys() == CLASSIFIERS.keys()
    assert {len(re.findall(r"\.(?: |$)", text)) for text in METHODS.values()} == {3}


def test_an_unknown_classifier_is_one_sentence(work: tuple[Store, Project]) -> None:
    store, project = work
    with pytest.raises(OptionError, match="no classifier"):
        written(store, replace(project, settings=replace(project.settings, classifier="magic")))


def test_the_download_is_made_when_the_popover_opens(
    work: tuple[Store, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, project = work
    store.save(project)
    made: list[str] = []

    def record(*arguments: object, **more: object) -> str:
        made.append(str(arguments[3]))
        return "<p>report</p>"

    monkeypatch.setattr("fsl_core.ui.report.html", record)

    def page() -> None:
        from fsl_core.ui import report, reproduce

        report.button()
        reproduce.box()

    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["project"] = project.id
    app.run()
    assert not app.exception and not made and not app.get("download_button") and not app.code
    app.session_state["fsl_report"] = True
    app.session_state["fsl_reproduce"] = True
    app.run()
    assert not app.exception and made == [""] and len(app.get("download_button")) == 1
    assert app.code[0].value == reproduce.command(project, read_manifest())
    app.session_state["fsl_report"] = True
    app.text_input[0].set_value("Ada").run()
    assert made[-1] == "Ada"
