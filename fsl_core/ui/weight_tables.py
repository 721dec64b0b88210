"""The weights as numbers."""

from collections.abc import Mapping

import streamlit as st

from fsl_core.figures import Cell
from fsl_core.records import NodeWeights
from fsl_core.ui.options import choice_title


def by_rule(found: Mapping[str, NodeWeights], target: int, cell: Cell) -> None:
    """What each rule gives to the selected region, and over how many regions it spreads the weight."""
    rows = []
    for rule, record in found.items():
        weights = record.of(cell.side)[target]
        rows.append(
            {
                "rule": choice_title(rule),
                "selected region (%)": 100 * weights[cell.node],
                "heaviest region (%)": 100 * weights.max(),
                "regions that count": 1 / (weights**2).sum(),
                "elsewhere for another image (%)": 100 * record.moved,
            }
        )
    number = st.column_config.NumberColumn
    count = "1 / Σ weight²: so many regions of equal weight would be spread as far."
    moved = "Share of the query's weight that lies elsewhere for another image, on average."
    columns = {
        "selected region (%)": number(format="%.2f"),
        "heaviest region (%)": number(format="%.2f"),
        "regions that count": number(format="%.1f", help=count),
        "elsewhere for another image (%)": number(format="%.2f", help=moved),
    }
    alt = "Table of the four rules: weight of the selected region and of the heaviest one, and how far it is spread."
    st.dataframe(rows, hide_index=True, column_config=columns, alt=alt)


def all_weights(record: NodeWeights) -> None:
    """Every weight of the query."""
    with st.expander("All weights as numbers", icon=":material/table:"):
        regions = record.query.regions
        names = [regions.name(node) for node in range(len(regions))]
        rows = [
            {"compared with": one.name} | dict(zip(names, 100 * weights, strict=True))
            for one, weights in zip(record.targets, record.query_weight, strict=True)
        ]
        columns = {name: st.column_config.NumberColumn(format="%.2f") for name in names}
        st.dataframe(rows, hide_index=True, column_config=columns, alt="Table of all weights of the query in per cent.")
        st.caption("In per cent of the mass of the query.")
