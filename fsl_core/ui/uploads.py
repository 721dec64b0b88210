"""Uploaders that are inboxes: what arrives is stored and reported in the same run, then the uploader is empty again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fsl_core.data.archive import MAX_UNPACKED_BYTES, Archive, natural_order
from fsl_core.errors import EpisodeError, FSLError
from fsl_core.images import MAX_BYTES
from fsl_core.ui import bundle, session
from fsl_core.ui.inbox import (
    Delivery,
    File,
    Place,
    Report,
    add_queries,
    add_to_class,
    deliver,
    files_of_zip,
    placement,
    store_all,
)
from fsl_core.ui.pieces import ImageClass
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store
from fsl_core.ui.text import plain

CLASSES, QUERIES, EVERYTHING, EPISODE = "classes", "queries", "everything", "episode"
EVERYTHING_ZIPPED = f"{EVERYTHING} zip"
MEGABYTES = MAX_BYTES // 1_000_000  # of a picture, as `images.decode` allows

Source = tuple[Sequence[File], Callable[[str], Place]]


class Inbox(NamedTuple):
    """An uploader and what becomes of its files.

    Attributes:
        sort: the files behind the uploaded ones, and where each of them belongs.
        take: adds stored pictures to the project.
        notices: the place where the report is told.
        opens: whether the pictures become a project of their own; the one that was there stays on disk.
    """

    name: str
    sort: Callable[[list[UploadedFile]], Source]
    take: Callable[[Project, Sequence[Delivery]], tuple[Project, Report]]
    notices: str
    opens: bool = False


def class_inbox(owner: ImageClass) -> None:
    """Takes many picture files into one class; the report is told below all classes."""
    _show(
        _of_class(owner.id),
        f"Add pictures of {plain(owner.name)}",
        label_visibility="collapsed",
        max_upload_size=MEGABYTES,
    )


def query_inbox() -> None:
    """Takes many picture files to ask about."""
    _show(_of_queries(), "Add pictures to ask about", max_upload_size=MEGABYTES)
    show_notices(QUERIES)


def take_in(target: str, files: list[UploadedFile]) -> None:
    """Store pictures that came some other way, tell what became of them, and run the page again.

    Args:
        target: id of a class, or QUERIES.
    """
    inbox = _of_queries() if target == QUERIES else _of_class(target)
    session.tell(inbox.notices, *_import(files, inbox))
    st.rerun()


def _of_class(class_id: str) -> Inbox:
    def take(project: Project, deliveries: Sequence[Delivery]) -> tuple[Project, Report]:
        return add_to_class(project, class_id, [delivery.picture for delivery in deliveries])

    return Inbox(class_id, lambda files: (_uploaded(files), lambda path: Place(False, None)), take, CLASSES)


def _of_queries() -> Inbox:
    def take(project: Project, deliveries: Sequence[Delivery]) -> tuple[Project, Report]:
        return add_queries(project, [(delivery.picture, None) for delivery in deliveries])

    return Inbox(QUERIES, lambda files: (_uploaded(files), lambda path: Place(True, None)), take, QUERIES)


def folder_inbox() -> None:
    """Takes a folder whose sub-folders are classes, or a zip of one; an episode on disk as well."""
    keep = st.toggle(
        "Keep what is there",
        value=not session.project().is_sample,
        key=f"keep_{session.project().is_sample}",  # the default changes once the sample has given way
        help="Off: the classes and queries that are there now give way to the new ones.",
    )

    def take(project: Project, deliveries: Sequence[Delivery]) -> tuple[Project, Report]:
        if not keep and deliveries:
            project = replace(project, classes=(), queries=(), answer=None, is_sample=False)
        return deliver(project, deliveries)

    st.caption("Every sub-folder becomes a class. `support/` and `query/` folders are understood as well.")
    folder = Inbox(EVERYTHING, _sorted_by_folder, take, EVERYTHING)
    _show(folder, "A folder", accept_multiple_files="directory")
    _show(folder._replace(name=EVERYTHING_ZIPPED), "Or a zip of it", type=["zip"], accept_multiple_files=False)


def folders_taken() -> str:
    """Another text after every folder or zip, so that what `folder_inbox` stands in closes and shows the report."""
    return f"{session.inbox_key(EVERYTHING)} {session.inbox_key(EVERYTHING_ZIPPED)}"


def episode_inbox() -> None:
    """Opens the zip of an episode or of a whole project as a new project."""
    inbox = Inbox(EPISODE, _sorted_by_folder, deliver, EPISODE, opens=True)
    limit = MAX_UNPACKED_BYTES // 1_000_000
    _show(
        inbox, "Open an episode or a project (.zip)", type=["zip"], accept_multiple_files=False, max_upload_size=limit
    )


def _show(inbox: Inbox, label: str, **settings: Any) -> None:
    key = session.inbox_key(inbox.name)
    uploaded: Any = st.file_uploader(label, key=key, **{"accept_multiple_files": True} | settings)
    if uploaded:
        session.empty_inbox(inbox.name)
        before = session.project().id if session.has_project() else ""
        session.tell(inbox.notices, *_import(uploaded if isinstance(uploaded, list) else [uploaded], inbox))
        if session.has_project() and session.project().id != before:
            st.switch_page("pages/classify.py")
        st.rerun()


def _import(files: list[UploadedFile], inbox: Inbox) -> list[session.Notice]:
    report = Report(0)
    try:
        if (archive := _project_in(files)) is not None:
            return _open_project(archive)
        sources, place = inbox.sort(files)
        bar = st.progress(0.0, text="Reading …")
        counted = iter(range(1, len(sources) + 1))

        def advance(name: str) -> None:
            bar.progress((number := next(counted)) / len(sources), text=f"{number} of {len(sources)}: {plain(name)}")

        def stored(store: Store) -> tuple[list[Delivery], Report]:
            return store_all(store, sources, place, advance)

        def take(project: Project, deliveries: list[Delivery], unread: Report) -> Project:
            nonlocal report
            changed, added = inbox.take(project, deliveries)
            report = added + unread
            if inbox.opens and not added.added:
                raise EpisodeError(" ".join(["No picture could be opened.", *report.sentences()[1:]]))
            return changed

        if inbox.opens:
            session.start(lambda store, empty: take(empty, *stored(store)))
        else:
            new = stored(session.store())
            session.edit(lambda project: take(project, *new))
    except FSLError as error:
        return [session.Notice(session.BAD, plain(str(error)))]
    smooth = not report.skipped and not report.remarks
    kind = session.GOOD if smooth else session.MIXED if report.added else session.BAD
    return [session.Notice(kind, "  \n".join(plain(sentence) for sentence in report.sentences()))]


def _project_in(files: list[UploadedFile]) -> Archive | None:
    """The zip of a whole project, in whichever inbox it came; None = it is none."""
    if len(files) != 1 or not files[0].name.lower().endswith(".zip"):
        return None
    archive = Archive(_read(files[0]))
    return archive if bundle.is_bundle(archive) else None


def _open_project(archive: Archive) -> list[session.Notice]:
    bar = st.progress(0.0, text="Opening the project …")

    def advance(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} of {total} pictures")

    session.start(lambda store, empty: bundle.unpack(archive, store, empty, advance))
    return [session.Notice(session.GOOD, f"{plain(session.project().title)} was opened as a new project.")]


def show_notices(place: str) -> None:
    """The messages of a place, with the icon of their kind."""
    looks = {
        session.GOOD: (st.success, ":material/check_circle:"),
        session.MIXED: (st.warning, ":material/warning:"),
        session.BAD: (st.error, ":material/error:"),
    }
    for notice in session.notices(place):
        show, icon = looks[notice.kind]
        show(notice.text, icon=icon)


def _uploaded(files: list[UploadedFile]) -> list[File]:
    return [File(file.name, partial(_read, file)) for file in sorted(files, key=lambda file: natural_order(file.name))]


def _read(file: UploadedFile) -> bytes:
    return bytes(file.getbuffer())


def _sorted_by_folder(files: list[UploadedFile]) -> Source:
    zipped = [file for file in files if file.name.lower().endswith(".zip")]
    if len(files) == 1 and zipped:
        found, title = files_of_zip(_read(files[0])), files[0].name[:-4]
    else:
        found, title = _uploaded(files), "Pictures"
    return found, placement([file.path for file in found], title)
