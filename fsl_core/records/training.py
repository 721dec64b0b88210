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
        davies_bouldin: of the val classes, as in `Spectrum`: >= 0, lower = classes better apart; NaN where it was not
            measured or is not defined.
        images_per_second: that the training took in.
    """

    epoch: Float[np.ndarray, " epochs"]
    loss: Float[np.ndarray, " epochs"]
    accuracy: Float[np.ndarray, " epochs"]
    val_1shot: Float[np.ndarray, " epochs"]
    val_5shot: Float[np.ndarray, " epochs"]
    davies_bouldin: Float[np.ndarray, " epochs"]
    images_per_second: Float[np.ndarray, " epochs"]

    def knows(self, measure: str) -> bool:
        """Whether there is a value of it for some epoch."""
        return not bool(np.isnan(getattr(self, measure)).all())
