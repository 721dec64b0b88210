"""FEATURES -> PREDICTION: one method a file; to add one, write its file and add a row to `CLASSIFIERS`."""

from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.classifiers.cosine import Cosine
from fsl_core.classifiers.deepemd import DeepEMD
from fsl_core.classifiers.nearest_neighbour import NearestNeighbour
from fsl_core.classifiers.protonet import ProtoNet

CLASSIFIERS: dict[str, type[Classifier]] = {
    "deepemd": DeepEMD,
    "protonet": ProtoNet,
    "cosine": Cosine,
    "nearest_neighbour": NearestNeighbour,
}

__all__ = ["CLASSIFIERS", "Classifier", "Cosine", "DeepEMD", "NearestNeighbour", "Prediction", "ProtoNet"]
