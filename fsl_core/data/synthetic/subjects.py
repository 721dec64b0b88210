"""The classes: who draws each of them, where it is at home and how far it may lean."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fsl_core.data.synthetic import indoors, outdoors
from fsl_core.data.synthetic.backdrops import Backdrop
from fsl_core.data.synthetic.light import Light
from fsl_core.data.synthetic.objects import animals, food, garden, home, plants, things, vehicles
from fsl_core.data.synthetic.picture import Picture

Painter = Callable[[np.random.Generator, Light], Backdrop]

GARDEN: tuple[Painter, ...] = (outdoors.hills, outdoors.meadow, outdoors.forest, outdoors.snow, outdoors.beach)
LAND: tuple[Painter, ...] = (*GARDEN, outdoors.desert, indoors.city)
AIR: tuple[Painter, ...] = (outdoors.sky, outdoors.sky, indoors.night, indoors.wallpaper, outdoors.hills, outdoors.sea)
WATER: tuple[Painter, ...] = (outdoors.seabed, outdoors.seabed, outdoors.seabed, indoors.wallpaper, outdoors.sea)
HOME: tuple[Painter, ...] = (
    indoors.table,
    indoors.table,
    indoors.room,
    indoors.wallpaper,
    outdoors.meadow,
    outdoors.beach,
)
ROOM: tuple[Painter, ...] = (
    indoors.room,
    indoors.room,
    indoors.wallpaper,
    outdoors.meadow,
    outdoors.beach,
    indoors.city,
)


@dataclass(frozen=True)
class Subject:
    """One class.

    Attributes:
        draw: draws one individual.
        places: backdrops it may stand in front of; one named twice comes twice as often.
        lean: largest rotation to either side, in degrees.
        floats: it hangs in the air even where there is a floor.
    """

    draw: Callable[[np.random.Generator], Picture]
    places: tuple[Painter, ...]
    lean: float = 5.0
    floats: bool = False


SUBJECTS: dict[str, Subject] = {
    "apple": Subject(food.apple, HOME, 10),
    "balloon": Subject(vehicles.balloon, AIR, 10, floats=True),
    "bicycle": Subject(vehicles.bicycle, LAND, 4),
    "bird": Subject(animals.bird, (*GARDEN, outdoors.beach, indoors.wallpaper), 8),
    "boat": Subject(vehicles.boat, (outdoors.sea, outdoors.sea, outdoors.sea, outdoors.beach, indoors.wallpaper), 7),
    "butterfly": Subject(garden.butterfly, (*AIR, outdoors.forest, outdoors.meadow), 30, floats=True),
    "cactus": Subject(
        plants.cactus, (outdoors.desert, outdoors.desert, indoors.table, indoors.room, outdoors.beach), 4
    ),
    "car": Subject(vehicles.car, LAND, 4),
    "carrot": Subject(food.carrot, HOME, 35, floats=True),
    "cat": Subject(animals.cat, (*GARDEN, indoors.room, indoors.room), 4),
    "chair": Subject(home.chair, ROOM, 4),
    "clock": Subject(home.clock, HOME, 8),
    "fish": Subject(animals.fish, WATER, 16, floats=True),
    "flower": Subject(garden.flower, (*GARDEN, indoors.wallpaper), 8),
    "guitar": Subject(things.guitar, ROOM, 28),
    "house": Subject(home.house, LAND, 3),
    "ice cream": Subject(
        food.ice_cream,
        (outdoors.beach, outdoors.sky, indoors.wallpaper, indoors.city, outdoors.meadow),
        18,
        floats=True,
    ),
    "key": Subject(
        things.key, (indoors.wallpaper, indoors.table, indoors.room, outdoors.seabed, outdoors.beach), 40, floats=True
    ),
    "lamp": Subject(home.lamp, (indoors.table, indoors.room, indoors.room, indoors.wallpaper, indoors.city), 3),
    "mug": Subject(home.mug, HOME, 6),
    "mushroom": Subject(
        garden.mushroom, (outdoors.forest, outdoors.forest, outdoors.meadow, outdoors.hills, outdoors.snow), 7
    ),
    "penguin": Subject(
        animals.penguin, (outdoors.snow, outdoors.snow, outdoors.snow, outdoors.beach, outdoors.sea, indoors.room), 7
    ),
    "rocket": Subject(
        vehicles.rocket,
        (indoors.night, indoors.night, outdoors.sky, outdoors.desert, indoors.wallpaper),
        32,
        floats=True,
    ),
    "snail": Subject(garden.snail, (*GARDEN, indoors.table), 6),
    "tree": Subject(plants.tree, (*GARDEN, outdoors.desert), 3),
    "turtle": Subject(
        animals.turtle, (outdoors.beach, outdoors.seabed, outdoors.meadow, outdoors.forest, outdoors.desert), 6
    ),
    "umbrella": Subject(things.umbrella, (*ROOM, outdoors.hills, outdoors.sky), 22, floats=True),
}
