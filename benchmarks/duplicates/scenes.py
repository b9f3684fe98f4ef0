"""Made-up pictures that are hard to tell apart: chats, invoices, settings, tickets with one thing changed, and shots
of nothing. Everything follows from the seed; the letters are Pillow's own, so no font has to be installed."""

from __future__ import annotations

import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SYLLABLES = (
    *("ta", "ko", "ri", "mel", "san", "du", "per", "von", "lis", "go", "ner", "hat", "bu", "cel"),
    *("im", "ort", "fen", "da", "wil", "ka", "su", "pol", "mer", "ti", "gran", "ve", "os"),
)
GREY, INK = (120, 120, 120), (20, 20, 20)


def rng_of(seed: int, *words: object) -> np.random.Generator:
    """A generator that depends on the seed and these words alone."""
    return np.random.default_rng([seed, zlib.crc32("|".join(map(str, words)).encode())])


def words(rng: np.random.Generator, count: int) -> list[str]:
    return ["".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(count)]


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: object = INK) -> None:
    draw.text(at, text, fill=colour, font=ImageFont.load_default(size))


def lines(text: list[str], size: int, width: int) -> list[str]:
    """The words broken into lines of at most `width` pixels."""
    font, found, line = ImageFont.load_default(size), [], ""
    for word in text:
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            found.append(line)
            line = word
        else:
            line = longer
    return [*found, line]


def chat(seed: int, scene: int, variant: str) -> Image.Image:
    """A messenger's screen; the variants differ in one message, one word, the clock, or are scrolled by one."""
    rng, change = rng_of(seed, "chat", scene), rng_of(seed, "chat", scene, variant)
    width, height, dark = 1080, 2340, scene % 2 == 1
    messages = [(bool(rng.integers(2)), words(rng, int(rng.integers(3, 16)))) for _ in range(20)]
    clock = [int(rng.integers(0, 24)), int(rng.integers(0, 53))]
    which = int(change.integers(2, 7))
    if variant == "message":
        messages[which] = (messages[which][0], words(change, len(messages[which][1])))
    elif variant == "word":
        messages[which][1][0] = "never" if messages[which][1][0] != "never" else "always"
    elif variant == "clock":
        clock[1] += 7
    elif variant == "scrolled":
        messages = [*messages[1:], (True, words(change, 7))]
    image = Image.new("RGB", (width, height), (11, 20, 26) if dark else (236, 229, 221))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 220), fill=(31, 44, 51) if dark else (0, 128, 105))
    write(draw, (40, 20), f"{clock[0]:02d}:{clock[1]:02d}", 38, "white")
    write(draw, (180, 110), words(rng, 1)[0].title(), 52, "white")
    y = 260
    for mine, text in messages:
        shown = lines(text, 40, 700)
        tall = 54 * len(shown) + 40
        if y + tall > height - 60:
            break
        wide = max(ImageFont.load_default(40).getlength(line) for line in shown) + 60
        x = width - wide - 30 if mine else 30
        fill = ((0, 92, 75) if mine else (32, 44, 51)) if dark else ((220, 248, 198) if mine else (255, 255, 255))
        draw.rounded_rectangle((x, y, x + wide, y + tall), 24, fill=fill)
        for k, line in enumerate(shown):
            write(draw, (x + 30, y + 16 + 54 * k), line, 40, "white" if dark else INK)
        y += tall + 24
    return image


def invoice(seed: int, scene: int, variant: str) -> Image.Image:
    """A printed page; the variants differ in one word, the amount, its last digit, the name, or the whole text."""
    rng, change = rng_of(seed, "invoice", scene), rng_of(seed, "invoice", scene, variant)
    width, height = 1654, 2339
    paragraphs = [words(rng, int(rng.integers(45, 80))) for _ in range(6)]
    name, amount = words(rng, 1)[0].title(), int(rng.integers(10_000, 99_999))
    if variant == "word":
        paragraphs[2][5] = "not"
    elif variant == "amount":
        amount = int(change.integers(10_000, 99_999))
    elif variant == "digit":
        amount += 1 if amount % 10 < 9 else -1
    elif variant == "name":
        name = words(change, 1)[0].title() + "e"
    elif variant == "text":
        paragraphs = [words(change, len(p)) for p in paragraphs]
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((140, 120, 520, 220), fill=(30, 70, 140))
    write(draw, (160, 140), "ACME Ltd", 56, "white")
    write(draw, (140, 330), f"Dear {name},", 34)
    y = 430
    for paragraph in paragraphs:
        for line in lines(paragraph, 30, width - 290):
            write(draw, (140, y), line, 30)
            y += 42
        y += 30
    draw.line((140, 2060, width - 140, 2060), fill="black", width=3)
    write(draw, (140, 2085), "Total due", 36)
    write(draw, (1250, 2085), f"EUR {amount / 100:.2f}", 36)
    return image


def scan(seed: int, scene: int, variant: str) -> Image.Image:
    """The invoice as photographed: turned a little, lit unevenly, with noise, otherwise in every shot."""
    rng = rng_of(seed, "scan", scene, variant)
    page = invoice(seed, 1000 + scene, variant).rotate(
        rng.uniform(-0.6, 0.6), Image.Resampling.BICUBIC, fillcolor=(235, 233, 228)
    )
    values = np.asarray(page.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32)
    values = values * np.array([0.97, 0.96, 0.93]) - np.linspace(0, rng.uniform(4, 14), values.shape[1])[None, :, None]
    return Image.fromarray((values + rng.normal(0, 3, values.shape)).clip(0, 255).astype(np.uint8))


def settings(seed: int, scene: int, variant: str) -> Image.Image:
    """A settings screen; the variants differ in one switch, one value, or are another page."""
    rng, change = rng_of(seed, "settings", scene), rng_of(seed, "settings", scene, variant)

    def page(source: np.random.Generator) -> list[list[object]]:
        return [
            [" ".join(words(source, 2)).title(), " ".join(words(source, 5)), bool(source.integers(2))]
            for _ in range(12)
        ]

    rows = page(change if variant == "page" else rng)
    which = int(change.integers(1, 10))
    if variant == "switch":
        rows[which][2] = not rows[which][2]
    elif variant == "value":
        rows[which][1] = " ".join(words(change, 5))
    image = Image.new("RGB", (1080, 2340), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    write(draw, (60, 120), "Settings", 76)
    for k, (title, value, on) in enumerate(rows):
        y = 280 + 165 * k
        write(draw, (60, y), str(title), 46)
        write(draw, (60, y + 62), str(value), 34, GREY)
        draw.rounded_rectangle((900, y + 20, 1010, y + 76), 28, fill=(26, 115, 232) if on else (190, 190, 190))
        draw.ellipse((955 if on else 903, y + 22, 1007 if on else 955, y + 74), fill="white")
    return image


def ticket(seed: int, scene: int, variant: str) -> Image.Image:
    """A boarding pass with its square code; every variant is another passenger's."""
    rng, change = rng_of(seed, "ticket", scene), rng_of(seed, "ticket", scene, variant)
    width, height = 1080, 1920
    image = Image.new("RGB", (width, height), (20, 60, 120))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((60, 120, width - 60, height - 120), 40, fill="white")
    write(draw, (120, 180), " > ".join(words(rng, 2)).upper(), 90)
    fields = [words(rng, 1)[0].title(), f"XY{rng.integers(100, 999)}", f"{change.integers(1, 40)}A"]
    if variant == "name":
        fields[0] = words(change, 1)[0].title() + "er"
    for k, text in enumerate(fields):
        write(draw, (120 + 300 * k, 420), text, 56)
    cells = change.random((33, 33)) < 0.5
    code = Image.fromarray((~cells * 255).astype(np.uint8)).resize((693, 693), Image.Resampling.NEAREST)
    image.paste(code.convert("RGB"), (190, 900))
    return image


def nothing(seed: int, kind: str, shot: int) -> Image.Image:
    """A lens cap, a white wall, or one of ten walls shot three times: told apart by noise alone."""
    width, height = 1280, 960
    rng = rng_of(seed, kind, shot)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    if kind == "dark":
        values = np.full((height, width, 3), rng.uniform(0, 6), dtype=np.float32)
        for _ in range(int(rng.integers(0, 5)) if shot % 3 else 0):
            spot = np.exp(
                -((x - rng.uniform(-0.5, 0.5)) ** 2 + (y - rng.uniform(-0.5, 0.5)) ** 2) / rng.uniform(1e-5, 2e-3)
            )
            values += (rng.uniform(15, 120) * spot)[..., None] * rng.uniform(0.5, 1, 3)
    elif kind == "white":
        values = 255 - rng.uniform(0, 8) - (rng.uniform(0, 10) * (x**2 + y**2))[..., None] * np.ones(3)
    else:
        wall = rng_of(seed, "wall", shot // 3)
        slope = wall.uniform(-40, 40, 2) + rng.uniform(-6, 6, 2)
        values = wall.uniform(90, 220, 3) + (slope[0] * x + slope[1] * y)[..., None]
    return Image.fromarray((values + rng.normal(0, rng.uniform(1, 5), values.shape)).clip(0, 255).astype(np.uint8))


RENDERED = {
    "chat": (chat, 6, ("first", "message", "word", "clock", "scrolled")),
    "invoice": (invoice, 6, ("first", "word", "amount", "digit", "name", "text")),
    "settings": (settings, 4, ("first", "switch", "value", "page")),
    "scan": (scan, 4, ("first", "word", "amount", "text")),
    "ticket": (ticket, 4, ("first", "b", "c", "name")),
}
"""Family: who draws it, how many scenes, and the variants of each scene."""

NOTHING = {"dark": 24, "white": 12, "wall": 24}
"""Family: how many shots."""
