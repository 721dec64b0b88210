"""What a figure can show: frozen numpy records, complete at construction. Raw numbers; figures normalise them."""

from fsl_core.records.alignment import Aligned, Alignment
from fsl_core.records.embedding import Embedding, Role
from fsl_core.records.influence import Influence, Measure
from fsl_core.records.lesson import Lesson, Piles, Solution
from fsl_core.records.matching import Emphasis, Flow, Regions, Side, SolverRun, WhatIf, cells
from fsl_core.records.neighbours import Neighbours
from fsl_core.records.saliency import SIGNS, Belief, Products, Saliency, Term, Verdict
from fsl_core.records.scores import NoneOfThese, Scores, ShotsCurve, half_width
from fsl_core.records.spectrum import Component, ComponentMap, Spectrum
from fsl_core.records.training import TrainingCurves
from fsl_core.records.weights import NodeWeights, Picture

__all__ = [
    "SIGNS",
    "Aligned",
    "Alignment",
    "Belief",
    "Component",
    "ComponentMap",
    "Embedding",
    "Emphasis",
    "Flow",
    "Influence",
    "Lesson",
    "Measure",
    "Neighbours",
    "NodeWeights",
    "NoneOfThese",
    "Picture",
    "Piles",
    "Products",
    "Regions",
    "Role",
    "Saliency",
    "Scores",
    "ShotsCurve",
    "Side",
    "Solution",
    "SolverRun",
    "Spectrum",
    "Term",
    "TrainingCurves",
    "Verdict",
    "WhatIf",
    "cells",
    "half_width",
]
