"""Packed things, parcels, papers and screens, drawn with few strokes."""

from collections.abc import Sequence
from random import Random

from .pen import INK, Pen, crack, grid


def packet(pen: Pen, rng: Random) -> None:
    pen.shape([(230, 110), (560, 95), (585, 500), (215, 510)], "#e0a63f")
    pen.box(222, 98, 572, 128, "#c98a28", radius=2)
    pen.box(222, 484, 588, 514, "#c98a28", radius=2)
    pen.disc(400, 250, 110, 78, "#f7ead0")
    pen.box(330, 225, 470, 240, "#b5661d")
    pen.box(350, 255, 450, 267, "#b5661d")
    pen.box(300, 380, 520, 450, "#fffdf6")
    pen.line([(320, 400), (500, 400)], INK, 5)
    pen.line([(320, 425), (450, 425)], INK, 5)


def string_in_food(pen: Pen, rng: Random) -> None:
    packet(pen, rng)
    for _ in range(40):
        pen.disc(rng.uniform(590, 740), rng.uniform(330, 470), 13, 9, rng.choice(["#cf9b52", "#dcb06a", "#b9843d"]))
    pen.line([(610, 410), (645, 370), (670, 420), (720, 380)], "#2f6fc4", 9)


def packs_16(pen: Pen, rng: Random) -> None:
    _packs(pen, rng, 4, 4, ["#d84f6a", "#e0607a"])


def packs_45(pen: Pen, rng: Random) -> None:
    _packs(pen, rng, 9, 5, ["#d84f4f", "#e2b23c", "#5a9c62", "#4d7fb8", "#8a63a8"])


def _packs(pen: Pen, rng: Random, columns: int, rows: int, colours: Sequence[str]) -> None:
    across, down = 230 / columns, 180 / rows

    def pack(x: float, y: float, fill: str) -> None:
        pen.box(x - across, y - down, x + across, y + down, fill, radius=4)
        pen.box(x - across * 0.6, y - down * 0.4, x + across * 0.6, y + down * 0.2, "#fbf3e2")

    grid(rng, columns, rows, pack, colours)


def pastries(pen: Pen, rng: Random) -> None:
    pen.box(150, 90, 650, 520, "#f1e5cf", radius=10)
    crushed = iter(rng.sample([True, False] * 6, 12))

    def pastry(x: float, y: float, fill: str) -> None:
        flat = next(crushed)
        pen.disc(x, y, 50 if flat else 42, 30 if flat else 40, fill)
        pen.disc(x, y - 4, 14, 9, "#b4641f")
        for _ in range(7 if flat else 0):
            pen.disc(x + rng.uniform(-60, 60), y + rng.uniform(20, 44), 4, 3, "#e6c88f")

    grid(rng, 4, 3, pastry, ["#e9b65b", "#dfa648"], within=(190, 130, 610, 480))


def rolls(pen: Pen, rng: Random) -> None:
    for row in range(3):
        top = 130 + row * 135
        for bag in range(12):
            left = 210 + bag * 38
            pen.box(left, top, left + 33, top + 92, "#4f7d6b" if bag % 2 else "#5a8a77", radius=2)
        pen.disc(180, top + 46, 42, 46, "#466f5f")
        pen.disc(180, top + 46, 15, 17, "#cfd8d3")


def parts(pen: Pen, rng: Random) -> None:
    pen.box(150, 120, 640, 160, "#d5d8da")
    pen.box(150, 180, 640, 220, "#d5d8da")
    for hook in range(4):
        x = 190 + hook * 130
        pen.box(x, 270, x + 60, 380, "#c2c7ca", radius=8)
        pen.disc(x + 30, 325, 12, 12, "#8b9196")
    for pad in range(3):
        pen.box(180 + pad * 110, 430, 260 + pad * 110, 510, "#f4f1e6", radius=3)


def box(pen: Pen, rng: Random) -> None:
    _parcel(pen)
    pen.box(470, 330, 580, 400, "#fdfcf8")
    for line in range(7):
        pen.line([(480 + line * 13, 340), (480 + line * 13, 375)], INK, rng.choice([2, 4, 5]))


def crushed_parcel(pen: Pen, rng: Random) -> None:
    _parcel(pen)
    pen.shape([(600, 200), (690, 150), (690, 300), (640, 260)], "#7b5630")
    pen.shape([(520, 210), (600, 200), (640, 260), (585, 330)], "#8d6539")
    crack(pen, 300, 360, rng, "#5f4124", arms=3, reach=150)
    for _ in range(8):
        pen.disc(rng.uniform(180, 620), rng.uniform(510, 560), 9, 7, "#cf5b66")


def _parcel(pen: Pen) -> None:
    pen.shape([(120, 200), (220, 110), (690, 110), (600, 200)], "#cfa16a")
    pen.shape([(600, 200), (690, 110), (690, 420), (600, 510)], "#a67a47")
    pen.box(120, 200, 600, 510, "#bd8f59", radius=2)
    pen.box(335, 200, 385, 510, "#d9bd8c", radius=0)
    pen.shape([(335, 200), (425, 110), (475, 110), (385, 200)], "#e4cb9e")


def receipt(pen: Pen, rng: Random) -> None:
    edge = [(540 - step * 20, 520 if step % 2 else 535) for step in range(15)]
    pen.shape([(260, 70), (540, 70), *edge, (260, 520)], "#fbfaf5")
    for line in range(8):
        pen.box(290, 110 + line * 38, 290 + rng.uniform(90, 150), 122 + line * 38, "#a7a49c")
        pen.box(455, 110 + line * 38, 510, 122 + line * 38, "#a7a49c")
    pen.text(400, 430, "22.00", INK, 40)


def chat(pen: Pen, rng: Random) -> None:
    _phone(pen, "#eceef0")
    top = 130.0
    for turn in range(6):
        mine = turn % 2
        height, width = rng.choice([38, 38, 62]), rng.uniform(120, 190)
        left = 545 - width if mine else 262
        pen.box(left, top, left + width, top + height, "#a9e08c" if mine else "#ffffff", radius=10)
        for line in range(1 if height < 50 else 2):
            pen.box(
                left + 12, top + 14 + line * 22, left + width - rng.uniform(14, 50), top + 22 + line * 22, "#8f959b"
            )
        top += height + 16


def coupon(pen: Pen, rng: Random) -> None:
    _phone(pen, "#fff4ee")
    pen.box(268, 190, 532, 330, "#e8543f", radius=14)
    pen.text(300, 222, "-15", "#ffffff", 56)
    pen.disc(470, 260, 34, 34, "#ffd9b0")
    pen.line([(452, 260), (466, 275), (490, 245)], "#e8543f", 7)
    for line in range(3):
        pen.box(280, 370 + line * 36, 520 - line * 50, 384 + line * 36, "#d9c8bd")


def _phone(pen: Pen, screen: str) -> None:
    pen.box(235, 50, 565, 545, "#1d1e20", radius=34)
    pen.box(248, 72, 552, 522, screen, radius=18)
    pen.box(248, 72, 552, 112, "#ffffff", radius=18)
    pen.box(340, 86, 460, 98, "#9aa0a6")
