"""Why?: one answer, and side by side the matching, the heat map and the nearest examples that speak for it."""

import streamlit as st

from fsl_core.ui import match_controls, requests, screen, tour, why

chosen = match_controls.begin("Why?", "explain")
requests.keep_up()
tour.here("why")
why.answer(chosen)
narrow = screen.is_narrow()
left, right = st.columns([5, 3])
with left.container(border=True, key="fsl_why_matching"):
    why.matching(chosen, narrow)
with left.container(border=True, key="fsl_why_nearest"):
    why.nearest(chosen, narrow)
with right.container(border=True, key="fsl_why_heat_map"):
    why.heat_map(chosen)
st.subheader("In depth")
why.ways()
