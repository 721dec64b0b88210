"""What a figure can show: frozen numpy records, complete at construction. Raw numbers; figures normalise them."""

from fsl_core.records.lesson import Lesson, Piles, Solution
from fsl_core.records.matching import Emphasis, Flow, Regions, SolverRun, WhatIf, cells
from fsl_core.records.scores import NoneOfThese, Scores, ShotsCurve
from fsl_core.records.training import TrainingCurves

__all__ = [
    "Emphasis",
    "Flow",
    "Lesson",
    "NoneOfThese",
    "Piles",
    "Regions",
    "Scores",
    "ShotsCurve",
    "Solution",
    "SolverRun",
    "TrainingCurves",
    "WhatIf",
    "cells",
]
