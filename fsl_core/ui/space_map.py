"""The map of the feature space: its points, the picture that is chosen among them, and what the map keeps of it."""

import html
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from fsl_core import figures
from fsl_core.errors import FSLError
from fsl_core.images import encode_jpeg
from fsl_core.records import Embedding
from fsl_core.ui import cached, gallery, glossary, papers, quiz, requests, session
from fsl_core.ui.answers import percent
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.hover import pictures_at_pointer
from fsl_core.ui.indexes import Opened
from fsl_core.ui.match_controls import told_apart
from fsl_core.ui.pictures import Spot, spots
from fsl_core.ui.project import Project
from fsl_core.ui.space_jobs import METHODS, Placed, place, row_of
from fsl_core.ui.text import plain, rounding

MAP, CHOSEN, METHOD, THUMBNAILS = "fsl_map", "fsl_on_map", "fsl_map_method", "fsl_map_thumbnails"  # keys
NEAR = 5  # pictures that are named as the nearest ones
FEW = 30  # pictures: with fewer, t-SNE and UMAP depend much on chance
CROWDED = 60  # pictures: with more, they would cover one another
SURE, LIKELY = 0.9, 0.75  # trustworthiness
KEEPS = {
    "pca": "PCA bends nothing: its axes are the two directions along which the pictures differ most.",
    "tsne": "t-SNE keeps who is near whom; how far groups lie apart, and how wide they are, says little.",
    "umap": "UMAP keeps who is near whom and, roughly, which groups are neighbours; distances have no unit.",
}
NEARNESS = "where p and q say how near two pictures are by their features and on the map"
MADE = {
    "pca": "Its axes are the vectors w of length 1 along which w · feature varies most",
    "tsne": f"It minimises Σ p ln (p / q), {NEARNESS}",
    "umap": f"It minimises Σ p ln (p / q) + (1 − p) ln ((1 − p) / (1 − q)), {NEARNESS}",
}


def controls() -> tuple[str, bool]:
    """The method, and whether pictures are drawn on the map."""
    method = st.segmented_control(
            "Map", list(METHODS), format_func=METHODS.__getitem__, default="pca", required=True, key=METHOD,
            persist_state="session",
        ) or "pca"  # fmt: skip
    return method, st.toggle("Pictures on the map", True, key=THUMBNAILS, persist_state="session")


def section(look: tuple[str, bool], normalised: bool, beside: Opened | None, narrow: bool) -> None:
    """The whole view: the map and the chosen picture; `look` is what `controls` say."""
    method, thumbnails = look
    seed = session.project().settings.seed
    placed: Placed | None = requests.explained(
        "map", lambda scene: place(scene, method, normalised, seed, beside),
        method, normalised, seed, beside.chosen if beside else None, patient=beside is not None,
    )  # fmt: skip
    if placed is None:
        return
    known = _without_secrets(placed.embedding)
    st.markdown(keeps(known), help=glossary.explain("trustworthiness"))
    st.caption(f"{MADE[method]} *({papers.MAPS[method]})*. Trustworthiness: *{papers.TRUSTWORTHINESS}.*")
    sources = _sources(placed, spots(session.project().in_use))
    explore(known, sources, beside, (narrow, thumbnails))
    pictures_at_pointer(MAP, sources)


def keeps(found: Embedding) -> str:
    """Markdown: what this map keeps of the features, in words and numbers."""
    parts = [KEEPS[found.method]]
    if found.explained is not None and found.residual is not None:
        first, second = found.explained
        parts.append(
            f"It shows {first:.1%} + {second:.1%} = **{first + second:.1%}** of the variance (the points say the same, "
            f"residual {rounding(found.residual)})."
        )
    if found.trustworthiness is not None:
        trust = found.trustworthiness
        how = "can be believed" if trust >= SURE else "can mostly be believed" if trust >= LIKELY else "are doubtful"
        parts.append(f"Trustworthiness **{trust:.2f}**: neighbourhoods on this map {how}.")
    if found.method != "pca":
        chance = (
            f" With only {len(found.ids)} pictures much is chance: try other seeds." if len(found.ids) < FEW else ""
        )
        parts.append(f"{found.setting[0].upper()}{found.setting[1:]}, seed {found.seed}.{chance}")
    return " ".join(parts)


def _without_secrets(found: Embedding) -> Embedding:
    """The map without the classes of queries that a quiz still asks for."""
    project = session.project()
    hidden = {f"query {query.id}" for query in project.queries if quiz.is_hidden(project, query)}
    return replace(found, labels=np.where([one in hidden for one in found.ids], -1, found.labels))


def _sources(placed: Placed, known: Mapping[str, Spot]) -> dict[str, str]:
    """A small picture for each point."""
    project_id, sources = session.project().id, {}
    for one in placed.embedding.ids:
        if one in placed.pictures:
            sources[one] = cached.data_url(placed.pictures[one])
        elif one in known:
            try:
                sources[one] = cached.icon(project_id, known[one].picture.id)
            except FSLError:
                continue
    return sources


def said(project: Project, query_id: str) -> str:
    """What is known of a query's answer, in a few words; "" where nothing is or a quiz still asks for it."""
    query, answer = project.query(query_id), project.answer
    if quiz.is_hidden(project, query):
        return "quiz: guess its class on Classify"
    if answer is None or not project.is_current(query_id, session.weights()):
        return ""
    best, names = answer.chosen(query_id), {one.id: one.name for one in project.classes}
    probability = max(answer.probabilities[answer.query_ids.index(query_id)])
    mark = "" if query.true_class not in names else " ✓" if query.true_class == best else " ✗"
    return f"answer: {names.get(best, answer.said(query_id))} ({percent(probability)}){mark}"


@st.fragment
def explore(found: Embedding, sources: dict[str, str], beside: Opened | None, look: tuple[bool, bool]) -> None:
    """The map and the chosen picture; a click runs only this again, without any model work."""
    narrow, thumbnails = look
    project = session.project()
    known = spots(project.in_use)
    chosen = _chosen(found)
    notes = {
        one: text for one, spot in known.items() if spot.role == "query" and (text := said(project, spot.picture.id))
    }
    own = {one: source for one, source in sources.items() if one in known}
    left, right = st.columns([7, 3], gap="large")
    with left, st.container(key=MAP):
        shown = own if thumbnails and len(own) <= CROWDED else {}
        figure = figures.embedding(found, shown, chosen, narrow, notes, heading=False)
        alt = f"{found.title} of {len(found.ids)} pictures as points. Chosen: {found.names[found.ids.index(chosen)]}."
        show_clickable(figure, f"fsl_points_{found.method}_{narrow}", "map", alt, clicked, papers.MAPS[found.method])
        st.caption(
            "Filled: support. Hollow: queries. Small: of a data set. Each class has a colour and a symbol. Point at "
            "a mark, or tap it, to see its picture; click it, or tap it again, to choose it."
        )
        if kept := found.formula_of(found.ids.index(chosen)):
            name = plain(found.names[found.ids.index(chosen)])
            st.markdown(f"**{name}**: {kept}.", help="What this map keeps of the place of the chosen picture.")
    with right:
        titles = told_apart(dict(zip(found.ids, found.names, strict=True)))
        st.session_state[CHOSEN] = chosen  # in every run: it may have been clicked
        st.selectbox("Picture", list(found.ids), key=CHOSEN, format_func=titles.__getitem__)
        card(found, chosen, sources, beside)


def clicked(key: str) -> None:
    """Carry a click on a point over to the select box."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        st.session_state[CHOSEN] = points[0]["customdata"][0]


def _chosen(found: Embedding) -> str:
    """The id of the chosen picture; at first the query that the other pages speak of."""
    chosen, pair = st.session_state.get(CHOSEN), session.pair()
    first = f"query {pair.query_id}" if pair else next((one for one in found.ids if one.startswith("query ")), "")
    return next(one for one in (chosen, first, found.ids[0]) if one in found.ids)


def card(found: Embedding, chosen: str, sources: Mapping[str, str], beside: Opened | None) -> None:
    """The chosen picture: large, what it is, what the map keeps of it, its nearest ones, and the way to its page."""
    row, project = found.ids.index(chosen), session.project()
    spot = spots(project.in_use).get(chosen)
    name, of_class = found.names[row], class_of(found, row)
    with st.container(border=True, key="fsl_on_map_card"):
        if spot:
            gallery.thumbnail(project.id, spot.picture, "Chosen")
        elif beside:
            _of_data_set(beside, row_of(chosen), name)
        answer = said(project, spot.picture.id) if spot and spot.role == "query" else ""
        role = {"support": "support", "query": "query", "other": "data set"}[found.roles[row]]
        st.markdown(f"**{plain(of_class)}** · {role}" + (f" · {plain(answer)}" if answer else ""))
        st.caption(plain(name))
        st.html(_nearest(found, row, sources))
        if spot:
            _ways(spot)


def _of_data_set(opened: Opened, row: int, name: str) -> None:
    try:
        st.image(encode_jpeg(opened.images.image(row)), alt=f"Chosen: {name}", width="stretch")
    except FSLError as error:
        st.caption(plain(str(error)))


def class_of(found: Embedding, row: int) -> str:
    """Name of a picture's class."""
    return "class unknown" if found.labels[row] < 0 else found.class_names[found.labels[row]]


def _nearest(found: Embedding, row: int, sources: Mapping[str, str]) -> str:
    """HTML: the pictures that lie closest on the map, each with its class, and whether the features agree."""
    true = set(found.near[row].tolist())
    tiles = []
    for other in found.near_on_map(row, NEAR):
        name, of_class = html.escape(found.names[other], quote=True), html.escape(class_of(found, other))
        mark = " ✓" if other in true else ""
        source = sources.get(found.ids[other], "")
        tiles.append(f'<figure><img src="{source}" alt="{name}"><figcaption>{of_class}{mark}</figcaption></figure>')
    heading = '<p class="fsl-when">Nearest on the map (✓ near by the features, too)</p>'
    return f'{heading}<div class="fsl-near">{"".join(tiles)}</div>'


def _ways(spot: Spot) -> None:
    """To the page that says more about a picture of the project."""
    project = session.project().in_use
    if spot.role == "query":
        if not st.button("Why?", icon=":material/lightbulb:", width="stretch", key="fsl_map_why"):
            return
        answer, classes = project.answer, [one.id for one in project.classes]
        told = answer and spot.picture.id in answer.query_ids and not project.hides(spot.picture.id)
        best = answer.chosen(spot.picture.id) if answer and told else ""
        session.ask_why(spot.picture.id, best if best in classes else classes[0])
    if st.button("Show on Classify", icon=":material/category:", width="stretch", key="fsl_map_classify"):
        st.switch_page("pages/classify.py")
