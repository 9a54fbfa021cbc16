"""Photos of evidence, drawn: a thing with its shadow on a table, and a caption where a Chinese font is at hand."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from ..company import dice
from . import household, parcels
from .pen import FINENESS, HEIGHT, WIDTH, Pen

TABLES = ("#d9c4a3", "#c9cdd0", "#b98f63", "#e4e0d8", "#a8b0a6")
FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
)


def photo(motif: str, caption: str, rng: Random) -> bytes:
    """A JPEG of 640 x 480 pixels; equal arguments and an equally seeded `rng` give an equal picture."""
    thing = Image.new("RGBA", (WIDTH * FINENESS, HEIGHT * FINENESS))
    _drawing(motif)(Pen(ImageDraw.Draw(thing)), rng)
    thing = thing.reduce(FINENESS).rotate(rng.uniform(-3, 3), Image.Resampling.BILINEAR)
    picture = _table(rng)
    _lay_down(picture, thing)
    if font := _chinese_font():
        _write(picture, caption, font)
    out = BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def _drawing(motif: str) -> Callable[[Pen, Random], None]:
    return getattr(household, motif, None) or getattr(parcels, motif)


def _table(rng: Random) -> Image.Image:
    """A plain surface with some grain, lit from above."""
    light, grain = _light_and_grain()
    surface = Image.new("RGB", (WIDTH, HEIGHT), rng.choice(TABLES))
    dark = ImageEnhance.Brightness(surface).enhance(0.72)
    return Image.blend(Image.composite(dark, surface, light), grain, 0.12)


@cache
def _light_and_grain() -> tuple[Image.Image, Image.Image]:
    light = Image.linear_gradient("L").resize((WIDTH, HEIGHT)).point(lambda value: int(value * 0.8))
    noise = Image.frombytes("L", (WIDTH, HEIGHT), dice().randbytes(WIDTH * HEIGHT))
    noise = noise.point(lambda value: 104 + value // 5)
    return light, ImageOps.colorize(noise, "#3c352c", "#fffdf8")


def _lay_down(picture: Image.Image, thing: Image.Image) -> None:
    """Put the thing on the table, above its own soft shadow."""
    shape = thing.getchannel("A")
    shadow = shape.filter(ImageFilter.GaussianBlur(7)).point(lambda value: int(value * 0.45))
    picture.paste("#201a14", (8, 11), shadow)
    picture.paste(thing, (0, 0), thing)


def _write(picture: Image.Image, caption: str, font: ImageFont.FreeTypeFont) -> None:
    top = HEIGHT - 42
    strip = picture.crop((0, top, WIDTH, HEIGHT))
    picture.paste(ImageEnhance.Brightness(strip).enhance(0.35), (0, top))
    ImageDraw.Draw(picture).text((18, top + 8), caption, "#f4f1ea", font)


@cache
def _chinese_font() -> ImageFont.FreeTypeFont | None:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, 19)
        except OSError:
            continue
    return None
