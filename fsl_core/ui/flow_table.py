"""The flows of a match as a table."""

import streamlit as st

from fsl_core import figures
from fsl_core.records import Flow


def flow_table(flow: Flow, cell: figures.Cell | None) -> None:
    """Mass, similarity and part of the logit of all flows of the selected region or, without one, the strongest."""
    pairs = figures.flows_of(flow, cell) if cell else figures.strongest(flow)[::-1]
    if not pairs:
        st.caption("No mass flows from or to the selected region.")
        return
    rows = [
        {
            "query region": flow.query_regions.name(query),
            "support region": flow.support_regions.name(support),
            "flow (% of the mass)": 100 * flow.plan[query, support],
            "similarity": flow.similarity[query, support],
            "adds to the logit": flow.flow_contributions[query, support],
        }
        for query, support in pairs
    ]
    what = "All flows of the selected region" if cell else "The strongest flows"
    naming = "regions are (row, column), counted from 0" if flow.query_regions.grid else "all numbers count from 0"
    st.dataframe(rows, hide_index=True, alt=f"Table: {what.lower()} with mass, similarity and part of the logit.")
    st.caption(f"{what}, largest first; {naming}.")
