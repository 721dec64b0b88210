"""Transport: what the earth mover's distance is, on a few piles and holes that one can change."""

import streamlit as st

from fsl_core import figures
from fsl_core.records import Lesson, Piles, Solution
from fsl_core.ui import frame, glossary, lessons, papers, tour
from fsl_core.ui.chart import show, show_clickable

EQUAL = 1e-4  # prices that differ from the cost by less than this


def say(solution: Solution, piles: Piles) -> None:
    """The value with its numbers, from both sides."""
    flows = [(solution.plan[pair], solution.cost[pair]) for pair in figures.terms(solution)]
    earned = [*zip(piles.pile_mass, solution.pile_price, strict=True),
              *zip(piles.hole_mass, solution.hole_price, strict=True)]  # fmt: skip
    st.markdown(
        f"**value** = Σ flow · cost = {lessons.total(flows)} = **{solution.value:.4f}**\n\n"
        f"**prices** earn Σ mass · price = {lessons.total(earned)} = **{solution.earnings:.4f}**",
        help=glossary.explain("flow", "similarity", "price"),
    )
    numbers = st.columns(3)
    numbers[0].metric("Value", f"{solution.value:.4f}", help="Total cost of the plan.")
    gap = abs(solution.value - solution.earnings)
    numbers[1].metric("Duality gap", f"{gap:.0e}" if gap > lessons.ROUNDING else "0",
                      help="Value − what the prices earn. Prices never earn more than any plan costs, so a gap of 0 "
                      "proves that no plan is cheaper.")  # fmt: skip
    numbers[2].metric("Time", f"{1e3 * solution.seconds:.2f} ms")


def say_pair(solution: Solution, piles: Piles, pile: int, hole: int) -> None:
    """Complementary slackness of one pair, in words and numbers."""
    a, b = piles.pile_names[pile], piles.hole_names[hole]
    cost, slack, mass = solution.cost[pile, hole], solution.slack[pile, hole], solution.plan[pile, hole]
    prices = f"{solution.pile_price[pile]:+.4f} {solution.hole_price[hole]:+.4f} = {cost - slack:.4f}"
    end = f"{slack:.4f} too dear, so an optimal plan moves nothing"
    if abs(slack) < EQUAL:
        end = "equal, so mass may flow"
    elif slack < 0:
        end = f"{-slack:.4f} above the cost, so these prices are not the optimal ones"
    st.markdown(f"**{a} → {b}**: cost {cost:.4f}; prices {prices}: {end}. Here {100 * mass:.2f} % of the mass flows.")


def draw(lesson: Lesson, preset: str, pile: int | None, hole: int | None) -> None:
    """The flows of the chosen solver; of the selected pile and hole, if there are any."""
    lessons.choose_solver()
    solution = lessons.chosen(lesson)
    show_clickable(
        figures.moves(solution, lesson.piles, pile, hole), f"fsl_moves_{preset}", "transport",
        "Piles as discs and holes as rings on a plane; curves join them, as thick as the mass that is moved.",
        lessons.clicked,
    )  # fmt: skip
    st.caption(
        "Discs are piles (A, B, …), rings are holes (1, 2, …), as large as their mass; beside each name stands its "
        "price. Curves are as thick as the mass that is moved. Click a pile or a hole to see its flows alone and to "
        "move it.",
        help=glossary.explain("price"),
    )
    if pile is not None and hole is not None:
        say_pair(solution, lesson.piles, pile, hole)


def matrices(solution: Solution, piles: Piles) -> None:
    """Costs, plan, and what shows that the plan is optimal."""
    columns = st.columns(3)
    with columns[0]:
        show(figures.cost_matrix(solution, piles), "costs", "Cost of a unit, from each pile to each hole. Framed: "
             "where mass flows.", "Matrix of costs, piles by holes.", "similarity")  # fmt: skip
    with columns[1]:
        show(figures.plan_matrix(solution, piles), "plan", "The plan, in % of the mass. Rows add up to piles, columns "
             "to holes.", "Matrix of the plan, piles by holes.", "flow")  # fmt: skip
    with columns[2]:
        show(figures.slack_matrix(solution, piles), "slack", "Cost − both prices. Where mass flows, an optimal plan "
             "has 0 (complementary slackness).", "Matrix of cost minus prices, piles by holes.", "price")  # fmt: skip


def blur(lesson: Lesson) -> None:
    """What more and more entropy does to the plan and to its value."""
    st.subheader("More and more blur", help=glossary.explain("blur"))
    lessons.slide()
    blurred, step = lessons.blurred(lesson), lessons.step()
    left, right = st.columns(2)
    with left:
        show(figures.moves(blurred, lesson.piles), "blurred", f"Sinkhorn's plan at ε = {lessons.EPSILONS[step]:g} "
             f"({blurred.note}): the larger ε, the more every pile goes to every hole.",
             "The flows of the blurred plan.", "blur", papers.SINKHORN)  # fmt: skip
    with right:
        show(figures.blur_curve(lesson, step), "blur", "What the blurred plan costs: the optimum where ε is small, the "
             "cost of sending a share of every pile to every hole where it is large.",
             "Curve of the value by epsilon, rising from the optimum.", "blur", papers.SINKHORN)  # fmt: skip


frame.require_frame()
st.title("Transport")
st.markdown(
    "How much work is it to fill holes with piles of earth? The cheapest way is the **earth mover's distance**; "
    "DeepEMD asks the same about the regions of two pictures."
)
preset, power = lessons.choose()
tables, drawing = st.columns([1, 2])
with tables:
    piles = lessons.edit(preset)
    if piles:
        pile, hole = lessons.select(piles)
        lessons.move(preset, piles, (pile, hole))
lesson = None
with drawing:
    tour.here("transport")
    if piles:
        lesson = lessons.solve(piles, power)
    if lesson:
        draw(lesson, preset, pile, hole)
if lesson:
    say(lessons.chosen(lesson), lesson.piles)
    matrices(lessons.chosen(lesson), lesson.piles)
    blur(lesson)
    st.subheader("Four solvers, one problem")
    alt = "Table of the solvers with value, plan, duality gap, status and time."
    st.dataframe(lessons.rows(lesson), hide_index=True, column_config=lessons.FORMATS, alt=alt)
