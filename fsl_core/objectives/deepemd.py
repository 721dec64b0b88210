"""Episodic meta-training: cross-entropy of DeepEMD's logits on the queries of episodes."""

from typing import final

from fsl_core.classifiers import DeepEMD
from fsl_core.objectives.episodic import Episodic


@final
class EpisodicDeepEMD(Episodic):
    """The meta-training stage of DeepEMD (Zhang et al., CVPR 2020, section 4).

    The network learns through the similarities and, as far as the solver passes it on, through the plan and the weights
    of the nodes; `opencv` holds both constant, as the published code does by default.

    Departure: a class of several shots is the mean of its maps, where the published code fits a structured layer.
    """

    def __init__(self, way: int, shot: int, query: int, solver: str) -> None:
        super().__init__(DeepEMD(solver=solver), way, shot, query)
