"""Small pictures beside the pointer over a plotly figure, whose own hover texts can hold no picture."""

from collections.abc import Mapping

from fsl_core.ui.screen import mounted

NAME = "fsl_hover"
SIDE = 112  # pixels of a picture on the screen

# The figure may be drawn again at any time, so it is looked for again and again; a script's state is that of its page.
_FOLLOW_POINTER = """
let given = null, card = null, timer = null;
const hide = () => { if (card) card.style.display = "none"; };
const show = (event) => {
  const point = event.points?.[0], key = point?.customdata?.[0];
  const source = given && key !== undefined ? given.pictures[key] : undefined;
  if (!source) { hide(); return; }
  if (!card) {
    card = document.createElement("img");
    card.className = "fsl-hover";
    card.alt = "";
    document.body.append(card);
  }
  const plot = document.querySelector(given.figure).getBoundingClientRect(), side = given.side, gap = 34;
  const x = point.bbox ? plot.left + (point.bbox.x0 + point.bbox.x1) / 2 : event.event.clientX;
  const y = point.bbox ? plot.top + (point.bbox.y0 + point.bbox.y1) / 2 : event.event.clientY;
  const top = y - gap - side < 64 ? y + gap : y - gap - side;
  const left = Math.min(Math.max(x - side / 2, 8), document.documentElement.clientWidth - side - 8);
  Object.assign(card.style, { display: "block", left: `${left}px`, top: `${top}px`, width: `${side}px` });
  card.src = source;
};
const stray = ({ target }) => { if (given && !document.querySelector(given.figure)?.contains(target)) hide(); };
const attach = () => {
  const plot = document.querySelector(given.figure);
  if (!plot?.on) { hide(); return; }
  for (const [name, react] of [["plotly_hover", show], ["plotly_click", show], ["plotly_unhover", hide]])
    if (!plot._ev?.listeners(name).includes(react)) plot.on(name, react);
};
export default function ({ data }) {
  given = data;
  attach();
  if (timer === null) {
    timer = setInterval(attach, 300);
    addEventListener("scroll", hide, true);
    addEventListener("pointermove", stray, true);  // a figure that was drawn anew tells of no pointer that left
  }
  return () => {
    clearInterval(timer);
    timer = null;
    removeEventListener("scroll", hide, true);
    removeEventListener("pointermove", stray, true);
    card?.remove();
    card = null;
  };
}
"""


def pictures_at_pointer(container: str, pictures: Mapping[str, str]) -> None:
    """Show the picture of a point while the pointer is over it, or after a tap on it.

    Args:
        container: key of the container that holds the figure; the first entry of its points' `customdata` is an id.
        pictures: data URLs by id.
    """
    figure = f".st-key-{container} .js-plotly-plot"
    mounted(NAME, _FOLLOW_POINTER)(key=NAME, data={"figure": figure, "pictures": dict(pictures), "side": SIDE})
