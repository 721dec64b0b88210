"""IMAGE -> EPISODE: data sets, class splits, episodes, transforms, synthetic scenes."""

from fsl_core.data.datasets import ImageDataset, open_dataset
from fsl_core.data.episode import Episode
from fsl_core.data.part import some_of_each
from fsl_core.data.sampling import sample_episode, sample_indices, shuffled

__all__ = ["Episode", "ImageDataset", "open_dataset", "sample_episode", "sample_indices", "shuffled", "some_of_each"]
