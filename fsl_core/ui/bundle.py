"""A whole project as one .zip: its state, pictures and figures for the report, to be kept, or opened elsewhere."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from fsl_core.data.archive import MAX_UNPACKED_BYTES, Archive
from fsl_core.data.episode import Mask, escape_name
from fsl_core.errors import EpisodeError, FSLError, called
from fsl_core.images import decode, decode_mask, encode_png
from fsl_core.ui import answers, aside
from fsl_core.ui.aside import Kept
from fsl_core.ui.pieces import AUTO, Answer, ImageClass, Picture, Settings
from fsl_core.ui.project import MAX_CLASSES, MAX_QUERIES, MAX_SHOTS, Project
from fsl_core.ui.schema import SchemaError, parse
from fsl_core.ui.store import IMAGE_ID, PROJECT, Store

ORIGINALS, MASKS = "originals", "masks"
LONGEST_ID = 32  # characters of a class's id
LARGEST_SEED = 2**31 - 1


def pack(project: Project, store: Store) -> bytes:
    """The parts below as a zip; the same project gives the same bytes.

    `project.json`, `figures.json` if any are put aside, `originals/<digest>` and, of drawn scenes, `masks/<digest>`.

    What was thrown away stays here, and so does the project's id, which is the permission to open it.

    Raises:
        EpisodeError: a picture is not on disk any more, or there is more than a .zip may hold.
    """
    kept = replace(project, id="", trash=(), revision=0)
    ids = dict.fromkeys(picture.id for picture in pictures(kept))
    masks = [(f"{MASKS}/{one}", encode_png(mask)) for one in ids if (mask := store.mask(one)) is not None]
    files: list[tuple[str, str | bytes]] = [(PROJECT, kept.to_json().encode())]
    if figures := aside.kept(store):
        files.append((aside.FIGURES, aside.to_json(figures)))
    return _zip([*files, *((f"{ORIGINALS}/{one}", one) for one in ids), *masks], store)


def pack_episode(project: Project, store: Store) -> bytes:
    """What is switched on in the layout of an episode on disk, for the command line; the files are as they came.

    Raises:
        EpisodeError: a picture is not on disk any more, or there is more than a .zip may hold.
    """
    used = project.in_use
    folders = {one.id: escape_name(one.name) for one in used.classes}
    places = [(f"support/{folders[one.id]}", picture) for one in used.classes for picture in one.pictures]
    places += [
        (f"query/{folders[query.true_class]}" if query.true_class in folders else "query", query.picture)
        for query in used.queries
    ]
    taken: set[str] = set()
    files: list[tuple[str, str | bytes]] = []
    for folder, picture in places:
        name = PurePosixPath(picture.name.rpartition("/")[2] or "picture")
        number, path = 1, f"{folder}/{escape_name(name.name)}"
        while path.casefold() in taken:
            number += 1
            path = f"{folder}/{escape_name(f'{name.stem}_{number}{name.suffix}')}"
        taken.add(path.casefold())
        files.append((path, picture.id))
    return _zip(files, store)


def is_bundle(archive: Archive) -> bool:
    """Whether a .zip holds a project, and not an episode or just pictures."""
    return _top(archive) is not None


def unpack(
    archive: Archive, store: Store, empty: Project, advance: Callable[[int, int], object] = lambda done, total: None
) -> Project:
    """The project of a .zip, with its pictures put into a new store.

    Everything in it is checked before it is used, as anybody may have written it: types, lengths, numbers, ids, that
    the answer fits together, that each picture has the digest that it is known by. The device is chosen anew, as this
    may be another computer; options that this version does not know get their defaults.

    Args:
        empty: the new project, whose id it gets.
        advance: called after each picture with the pictures read and their total.

    Raises:
        EpisodeError: the .zip is damaged; the store holds part of it then.
    """
    top = _top(archive)
    if top is None:
        raise EpisodeError(f"{archive.title} holds no project; choose one that was saved with this app.")
    try:
        project = _checked(parse(Project, archive.read(f"{top}{PROJECT}")))
    except SchemaError as error:
        raise EpisodeError(f"The project in the zip is damaged ({called(str(error))}); save it again.") from error
    figures = _figures(archive, f"{top}{aside.FIGURES}")
    named = {picture.id: picture.name for picture in pictures(project)}
    missing = [name for one, name in named.items() if f"{top}{ORIGINALS}/{one}" not in archive.names]
    if missing:
        raise EpisodeError(
            f"The zip lacks {len(missing)} of the project's {len(named)} pictures, {called(missing[0])} being the "
            "first; save the project again."
        )
    for number, (one, name) in enumerate(named.items(), 1):
        data = archive.read(f"{top}{ORIGINALS}/{one}")
        if hashlib.sha256(data).hexdigest() != one:
            raise EpisodeError(f"{called(name)} was changed since the project was saved; save the project again.")
        store.add(data, name, _mask(archive, f"{top}{MASKS}/{one}", data, name))
        advance(number, len(named))
    if figures:
        store.write(aside.FIGURES, aside.to_json(figures))
    return replace(project, id=empty.id, is_sample=False, trash=(), revision=empty.revision)


def _mask(archive: Archive, path: str, picture: bytes, name: str) -> Mask | None:
    """Where the object of a picture is; None = the zip does not say."""
    if path not in archive.names:
        return None
    mask = decode_mask(archive.read(path), f"the mask of {called(name)}")
    if mask.shape != decode(picture, name).shape[:2]:
        raise EpisodeError(f"The mask of {called(name)} has another size than the picture; save the project again.")
    return mask


def pictures(project: Project) -> Iterator[Picture]:
    """Every picture of a project but those in the trash, one after another; a picture may come more than once."""
    for image_class in project.classes:
        yield from image_class.pictures
    for query in project.queries:
        yield query.picture


def _zip(files: list[tuple[str, str | bytes]], store: Store) -> bytes:
    """A .zip of files by path, each as its bytes or as the id of a picture."""
    stream, size = io.BytesIO(), 0
    with zipfile.ZipFile(stream, "w") as archive:
        for path, file in files:
            data = store.original(file) if isinstance(file, str) else file
            size += len(data)
            if size > MAX_UNPACKED_BYTES:
                raise EpisodeError(
                    f"The pictures have more than the {MAX_UNPACKED_BYTES / 1e9:g} GB that a zip may hold here; "
                    "remove some, or use smaller ones."
                )
            archive.writestr(zipfile.ZipInfo(path), data)
    return stream.getvalue()


def _top(archive: Archive) -> str | None:
    """The prefix of the project's paths, "" or "<folder>/"; None = there is no project."""
    tops = [name.removesuffix(PROJECT) for name in archive.names if PurePosixPath(name).name == PROJECT]
    return next((top for top in tops if top.count("/") <= 1), None)


def _figures(archive: Archive, name: str) -> list[Kept]:
    """What was put aside for the report; nothing where the .zip has no such file."""
    if name not in archive.names:
        return []
    try:
        return aside.parse(archive.read(name))
    except SchemaError as error:
        raise EpisodeError(
            f"The figures for the report in the zip are damaged ({called(str(error))}); save the project again."
        ) from error


def _checked(project: Project) -> Project:
    """The project with its names made presentable.

    Raises:
        SchemaError: its parts do not fit together.
    """
    classes = tuple(_checked_class(one) for one in project.classes)
    ids, asked = [one.id for one in classes], [query.id for query in project.queries]
    _require(len(ids) <= MAX_CLASSES and len(asked) <= MAX_QUERIES, "it has too many classes or queries")
    _require(len(set(ids)) == len(ids), "two classes have one id")
    _require(len({one.name for one in classes}) == len(ids), "two classes have one name")
    _require(len(set(asked)) == len(asked), "two queries are one picture")
    _require({query.true_class for query in project.queries} <= {None, *ids}, "a query's class is missing")
    queries = tuple(replace(query, picture=_checked_picture(query.picture)) for query in project.queries)
    changed = replace(
        project,
        classes=classes,
        queries=queries,
        settings=_known(project.settings),
        name=called(project.name) if project.name.strip() else "",
        guesses={query: guess for query, guess in project.guesses.items() if query in asked and guess in ids},
    )
    if changed.answer is not None:
        _check_answer(changed.answer)
        try:
            answers.scores(changed, changed.answer)
        except (ValueError, TypeError, FSLError) as error:
            raise SchemaError("its answer does not fit") from error
    return changed


def _checked_class(image_class: ImageClass) -> ImageClass:
    ids = [picture.id for picture in image_class.pictures]
    _require(
        0 < len(image_class.id) <= LONGEST_ID and image_class.id.isascii() and image_class.id.isalnum(),
        "a class has no proper id",
    )
    _require(len(ids) <= MAX_SHOTS and len(set(ids)) == len(ids), "a class has too many pictures or one twice")
    images = tuple(_checked_picture(picture) for picture in image_class.pictures)
    return replace(image_class, name=called(image_class.name), pictures=images, off=image_class.off & set(ids))


def _checked_picture(picture: Picture) -> Picture:
    _require(IMAGE_ID.fullmatch(picture.id) is not None, "a picture has no proper digest")
    return replace(picture, name=called(picture.name))


def _check_answer(answer: Answer) -> None:
    columns, rows = len(answer.class_ids), len(answer.query_ids)
    _require(len(answer.class_names) == columns >= 2, "its answer has no name for each class")
    _require(len(set(answer.class_ids)) == columns and len(set(answer.query_ids)) == rows, "its answer repeats an id")
    for numbers in (answer.logits, answer.probabilities):
        _require([len(row) for row in numbers] == [columns] * rows, "its answer lacks numbers")
    _require(len(answer.fits) in (0, rows), "its answer lacks fits")
    likely = all(min(row) >= 0 and abs(sum(row) - 1) < 1e-3 for row in answer.probabilities)
    _require(likely, "its answer has no probabilities")
    spent = min(answer.feature_seconds, answer.classifier_seconds, answer.computed_images)
    _require(spent >= 0, "its answer took no time")
    _require(all(IMAGE_ID.fullmatch(one) for one in answer.query_ids), "its answer is about no picture")


def _known(settings: Settings) -> Settings:
    """The settings as far as this version knows them; torch is imported here, at first use."""
    from fsl_core.classifiers import CLASSIFIERS
    from fsl_core.data.patches import CELLS, parse_regions
    from fsl_core.data.transforms import FITS

    defaults = Settings()
    try:
        regions = str(parse_regions(settings.regions) or CELLS)
    except FSLError:
        regions = defaults.regions
    options = {}
    for name, chosen in settings.options.items():
        try:
            CLASSIFIERS[name](**chosen)
        except (KeyError, TypeError, FSLError):
            continue
        options[name] = chosen
    return replace(
        settings,
        options=options,
        classifier=settings.classifier if settings.classifier in CLASSIFIERS else defaults.classifier,
        device=AUTO,
        seed=settings.seed if 0 <= settings.seed <= LARGEST_SEED else defaults.seed,
        fit=settings.fit if settings.fit in FITS else defaults.fit,
        regions=regions,
    )


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise SchemaError(otherwise)
