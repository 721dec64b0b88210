"""Synthetic scenes: pictures that are drawn, not downloaded.

A scene is made in one direction; every module is a step of it:

    palette, outlines -> picture -> canvas                  colours, curves, painted shapes, pixels
    light -> backdrops, outdoors, indoors                   the time of day and the place
    objects -> subjects                                     the classes
    occluders, pose -> exposure -> scene                    put together
"""

from fsl_core.data.synthetic.scene import CLASSES, Scene, render_scene

__all__ = ["CLASSES", "Scene", "render_scene"]
