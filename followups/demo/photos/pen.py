"""A pen for a field of 800 x 600, and the two patterns that recur."""

from collections.abc import Callable, Sequence
from math import cos, pi, sin
from random import Random
from typing import Any

from PIL import ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 480
FINENESS = 2
"""Drawn larger and reduced afterwards, so that edges are smooth."""

SCALE = FINENESS * WIDTH / 800

INK = "#3a3a3c"
Place = tuple[float, float]


class Pen:
    """Draws in the coordinates of the photo on a larger canvas."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self.draw = draw

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, *, radius: float = 6) -> None:
        self.draw.rounded_rectangle(self._scaled((left, top), (right, bottom)), radius * SCALE, fill)

    def disc(self, x: float, y: float, across: float, down: float, fill: str | None, line: str | None = None) -> None:
        corners = self._scaled((x - across, y - down), (x + across, y + down))
        self.draw.ellipse(corners, fill, line, round(5 * SCALE))

    def line(self, places: Sequence[Place], fill: str, width: float = 4) -> None:
        self.draw.line(self._scaled(*places), fill, max(round(width * SCALE), 1), "curve")

    def shape(self, places: Sequence[Place], fill: str) -> None:
        self.draw.polygon(self._scaled(*places), fill)

    def text(self, x: float, y: float, text: str, fill: str, size: int = 30) -> None:
        self.draw.text((x * SCALE, y * SCALE), text, fill, ImageFont.load_default(size * SCALE))

    def _scaled(self, *places: Place) -> list[float]:
        return [value * SCALE for place in places for value in place]


def crack(pen: Pen, x: float, y: float, rng: Random, fill: str = INK, *, arms: int = 5, reach: float = 110) -> None:
    for arm in range(arms):
        angle, places = 2 * pi * arm / arms + rng.uniform(-0.3, 0.3), [(x, y)]
        for step in range(1, 5):
            length = reach * step / 4
            turn = angle + rng.uniform(-0.28, 0.28)
            places.append((x + cos(turn) * length, y + sin(turn) * length * 0.7))
        pen.line(places, fill, 2.5)


def grid(
    rng: Random,
    columns: int,
    rows: int,
    put: Callable[[float, float, str], Any],
    colours: Sequence[str],
    within: tuple[float, float, float, float] = (110, 80, 690, 520),
) -> None:
    left, top, right, bottom = within
    for row in range(rows):
        for column in range(columns):
            x = left + (column + 0.5) * (right - left) / columns + rng.uniform(-5, 5)
            y = top + (row + 0.5) * (bottom - top) / rows + rng.uniform(-5, 5)
            put(x, y, rng.choice(colours))
