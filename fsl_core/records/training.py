"""What a figure can show of training."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class TrainingCurves:
    """What was measured after each epoch of a run; a run that is not done yet has fewer epochs than it will have.

    Attributes:
        epoch: counted from 1.
        loss: mean over the steps of the epoch.
        accuracy: on the augmented training images, in [0, 1].
        val_1shot, val_5shot: 5-way accuracy on episodes of the val classes, in [0, 1].
        images_per_second: that the training took in.
    """

    epoch: Float[np.ndarray, " epochs"]
    loss: Float[np.ndarray, " epochs"]
    accuracy: Float[np.ndarray, " epochs"]
    val_1shot: Float[np.ndarray, " epochs"]
    val_5shot: Float[np.ndarray, " epochs"]
    images_per_second: Float[np.ndarray, " epochs"]
