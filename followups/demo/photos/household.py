"""Things that people bought, drawn with few strokes."""

from math import cos, pi, sin
from random import Random

from .pen import INK, Pen, crack


def cracked_kettle(pen: Pen, rng: Random) -> None:
    _kettle(pen)
    crack(pen, 410, 430, rng, "#54727a", arms=7, reach=140)


def chipped_kettle(pen: Pen, rng: Random) -> None:
    _kettle(pen, lid=False)
    pen.shape([(300, 128), (318, 166), (338, 148), (352, 178), (374, 126)], "#8fa9ae")
    for _ in range(9):
        x, y = rng.uniform(300, 520), rng.uniform(420, 460)
        pen.shape([(x, y), (x + 16, y - 8), (x + 11, y + 9)], "#eef7f8")


def _kettle(pen: Pen, *, lid: bool = True) -> None:
    pen.disc(575, 300, 75, 90, None, "#6b4a35")
    pen.box(260, 130, 560, 480, "#cfe3e6", radius=70)
    pen.box(275, 300, 545, 468, "#b8d6dc", radius=55)
    pen.box(300, 100, 520, 140, "#5b4636" if lid else "#dcebed", radius=14)
    pen.box(235, 470, 585, 510, "#4c4c50", radius=14)
    pen.line([(305, 190), (298, 300)], "#ffffff", 9)


def plug(pen: Pen, rng: Random) -> None:
    pen.line([(800, 520), (620, 500), (560, 380), (470, 330)], "#2e2e30", 22)
    pen.box(270, 240, 490, 390, "#f1efe9", radius=34)
    pen.box(270, 240, 350, 390, "#d2a85a", radius=30)
    pen.box(285, 262, 330, 330, "#8a5a2a", radius=18)
    for top in (265, 335):
        pen.box(150, top, 275, top + 26, "#c6b27a", radius=5)


def cup(pen: Pen, rng: Random) -> None:
    pen.disc(400, 300, 215, 205, "#e9c7cf")
    pen.disc(400, 300, 178, 168, "#f7eef0")
    pen.disc(400, 300, 60, 58, "#8d9297")
    for blade in range(4):
        angle = blade * pi / 2 + 0.4
        tip = (400 + cos(angle) * 120, 300 + sin(angle) * 115)
        side = (400 + cos(angle + 0.6) * 60, 300 + sin(angle + 0.6) * 58)
        pen.shape([(400, 300), tip, side], "#b3b9be")
    for _ in range(16):
        angle, far = rng.uniform(0, 2 * pi), rng.uniform(45, 92)
        pen.disc(400 + cos(angle) * far, 300 + sin(angle) * far, 6, 5, rng.choice(["#c76b35", "#a94f22"]))


def pan(pen: Pen, rng: Random) -> None:
    pen.box(560, 275, 790, 315, "#2b2b2d", radius=16)
    pen.disc(370, 295, 235, 215, "#a9adb0")
    pen.disc(370, 295, 200, 182, "#8e9396")
    for ring in (150, 105, 60):
        pen.disc(370, 295, ring, ring * 0.91, None, "#9da2a5")
    pen.box(120, 272, 640, 318, "#e9c93f", radius=2)
    for mark in range(52):
        pen.line([(125 + mark * 10, 272), (125 + mark * 10, 292 if mark % 5 == 0 else 282)], INK, 1.5)


def steel(pen: Pen, rng: Random) -> None:
    for ring, fill in ((235, "#7d8286"), (215, "#b4b9bc"), (170, "#9da3a7"), (160, "#c4c9cb")):
        pen.disc(400, 300, ring, ring * 0.95, fill)
    for turn in range(18):
        angle = turn * pi / 9
        pen.line([(400 + cos(angle) * 60, 300 + sin(angle) * 57), (400 + cos(angle) * 155, 300 + sin(angle) * 148)],
                 "#cdd2d4", 3)  # fmt: skip
    pen.text(330, 282, "SUS316", "#5c6266", 38)


def plates(pen: Pen, rng: Random) -> None:
    pen.box(110, 70, 690, 530, "#b98d5c", radius=4)
    pen.box(130, 90, 670, 510, "#d8b483", radius=4)
    for x, y, size, broken in (
        (270, 220, 110, True),
        (520, 210, 100, False),
        (300, 410, 85, True),
        (520, 410, 80, False),
    ):
        pen.disc(x, y, size, size * 0.85, "#faf8f5")
        pen.disc(x, y, size * 0.68, size * 0.56, "#f0ece6")
        pen.disc(x + size * 0.3, y - size * 0.2, 12, 10, "#d7707c")
        if broken:
            crack(pen, x - 10, y + 5, rng, "#6c625a", arms=4, reach=size * 0.95)


def puddle(pen: Pen, rng: Random) -> None:
    for x, y, across, down in ((380, 390, 260, 110), (520, 440, 150, 70), (230, 440, 120, 60)):
        pen.disc(x, y, across, down, "#9fc0cf")
    pen.disc(360, 370, 150, 40, "#c3dce6")
    pen.box(320, 130, 480, 400, "#efb9c4", radius=60)
    pen.box(370, 95, 430, 140, "#e39dac", radius=18)
    pen.box(560, 330, 730, 430, "#4a6d8c", radius=4)
    pen.box(566, 420, 724, 436, "#efe9db", radius=2)


def brushes(pen: Pen, rng: Random) -> None:
    for left, length, fill in ((230, 130, "#d9b06c"), (500, 330, "#7fa8a0")):
        pen.box(left + 30, 130, left + 62, 170 + length, fill, radius=14)
        pen.disc(left + 46, 150 + length + 40, 56, 60, "#f2ead9")
        for _ in range(14):
            pen.disc(left + 46 + rng.uniform(-44, 44), 190 + length + rng.uniform(-44, 44), 5, 5, "#ddd2bb")


def sole(pen: Pen, rng: Random) -> None:
    for fill, edge in (("#9b8a70", 0), ("#b9a88e", 14)):
        pen.disc(400, 200, 118 - edge, 140 - edge, fill)
        pen.box(318 + edge, 200, 474 - edge, 430, fill, radius=40)
        pen.disc(396, 430, 88 - edge, 100 - edge, fill)
    for row in range(9):
        pen.line([(330, 110 + row * 44), (465, 114 + row * 44)], "#a2907a", 5)
    pen.box(335, 268, 458, 332, "#efe7d8")
    pen.text(348, 280, "42-43", INK, 36)


def stained_cloth(pen: Pen, rng: Random) -> None:
    pen.shape([(250, 120), (330, 90), (470, 90), (550, 120), (660, 230), (590, 290), (550, 250), (550, 510),
               (250, 510), (250, 250), (210, 290), (140, 230)], "#f5f4f2")  # fmt: skip
    pen.shape([(350, 90), (400, 150), (450, 90), (425, 82), (375, 82)], "#dcdad6")
    pen.line([(400, 150), (400, 500)], "#d6d3ce", 3)
    for _ in range(9):
        size = rng.uniform(18, 52)
        pen.disc(rng.uniform(300, 510), rng.uniform(230, 450), size, size * 0.8, rng.choice(["#e59aa4", "#efb7bd"]))


def bedding(pen: Pen, rng: Random) -> None:
    _cloth(pen, rng, "#8f8ba3", "#7d7993")
    pen.box(560, 130, 700, 250, "#9db6cf", radius=4)
    pen.box(572, 142, 688, 238, "#b4cade", radius=2)


def mats(pen: Pen, rng: Random) -> None:
    _cloth(pen, rng, "#8c8f92", "#7a7d80")
    for _ in range(26):
        x, y = rng.uniform(190, 560), rng.uniform(170, 440)
        pen.shape([(x, y), (x + rng.uniform(14, 44), y + 8), (x + 18, y + rng.uniform(14, 34))], "#dcd8cf")


def towel(pen: Pen, rng: Random) -> None:
    _cloth(pen, rng, "#d9b9a6", "#caa792")
    for _ in range(11):
        x, y = rng.uniform(200, 600), 455.0
        bend = rng.uniform(-30, 30)
        pen.line([(x, y), (x + bend, y + 30), (x + bend * 0.4, y + rng.uniform(50, 85))], "#b98f79", 2.5)


def _cloth(pen: Pen, rng: Random, light: str, dark: str) -> None:
    pen.shape([(160, 140), (630, 120), (655, 450), (600, 470), (150, 460)], light)
    for fold in range(6):
        x = 190 + fold * 76 + rng.uniform(-12, 12)
        pen.line([(x, 140), (x + rng.uniform(-25, 25), 300), (x + rng.uniform(-15, 15), 455)], dark, 9)
