"""FEATURES -> PREDICTION: one method a file; to add one, write its file and add a row to `CLASSIFIERS`."""

from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.classifiers.cosine import Cosine
from fsl_core.classifiers.cosine_classifier import CosineClassifier
from fsl_core.classifiers.deepemd import DeepEMD
from fsl_core.classifiers.dense_classification import DenseClassification
from fsl_core.classifiers.dn4 import DN4
from fsl_core.classifiers.linear import Linear
from fsl_core.classifiers.nearest_neighbour import NearestNeighbour
from fsl_core.classifiers.protonet import ProtoNet
from fsl_core.classifiers.scl_linear import SCLLinear

CLASSIFIERS: dict[str, type[Classifier]] = {
    "deepemd": DeepEMD,
    "protonet": ProtoNet,
    "cosine": Cosine,
    "nearest_neighbour": NearestNeighbour,
    "linear": Linear,
    "cosine_classifier": CosineClassifier,
    "dn4": DN4,
    "dense_classification": DenseClassification,
    "scl_linear": SCLLinear,
}

__all__ = [
    "CLASSIFIERS",
    "DN4",
    "Classifier",
    "Cosine",
    "CosineClassifier",
    "DeepEMD",
    "DenseClassification",
    "Linear",
    "NearestNeighbour",
    "Prediction",
    "ProtoNet",
    "SCLLinear",
]
