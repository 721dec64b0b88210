"""What an explanation is computed from: the project, its classifier and a backbone. For jobs of the queue only."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

if TYPE_CHECKING:
    from fsl_core.backbones import Backbone
    from fsl_core.classifiers import Classifier
    from fsl_core.features import EpisodeFeatures

CELLS = "cells"  # as in `Settings.regions`


@dataclass(frozen=True, eq=False)
class Scene:
    """One session's question to the engine; every method may take seconds and reports to the ticket.

    Attributes:
        project: what is in use of it.
        name: of the backbone.
    """

    ticket: Ticket
    engine: Engine
    store: Store
    project: Project
    name: str

    def features(self, whole: bool = False) -> "EpisodeFeatures":
        """Features of all pictures, in the project's order.

        Args:
            whole: those of whole pictures, also where the project looks at patches.
        """
        features, _, _ = self.engine.features(self.ticket, self.store, self._seen(whole), self.name)
        return features

    def _seen(self, whole: bool) -> Project:
        settings = self.project.settings
        return replace(self.project, settings=replace(settings, regions=CELLS)) if whole else self.project

    @property
    def backbone(self) -> "Backbone":
        """Fitted as the project says."""
        settings = self.project.settings
        return self.engine.backbone(self.ticket, self.name, settings.device).fitted(settings.fit)

    @property
    def classifier(self) -> "Classifier":
        """The chosen one, with its options."""
        from fsl_core.classifiers import CLASSIFIERS

        settings = self.project.settings
        return CLASSIFIERS[settings.classifier](**settings.chosen_options)

    @property
    def support_ids(self) -> list[str]:
        """Ids of the support pictures, one for each row of the support features."""
        return [picture.id for image_class in self.project.classes for picture in image_class.pictures]

    def pixels(self, image_id: str) -> UInt8[np.ndarray, "_ _ 3"]:
        """A picture as it was given."""
        return self.store.pixels(image_id)
