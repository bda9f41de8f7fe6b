# SPDX-License-Identifier: Apache-2.0
"""Pictures that share an interface or a sheet and show different things: what regions must not take for copies of each other.

Every family draws from a photograph and a number: the same picture each time, all words and places that differ in life drawn from the
number. `FAMILIES` were there when the thresholds were chosen, `HELD_BACK` were drawn afterwards and changed nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from photo_edits import Picture, font
from PIL import Image, ImageDraw, ImageFilter, ImageOps

Family = Callable[[Picture, int], Picture]
WORDS = (
    *("tonight", "maybe", "later", "the", "train", "is", "late", "again", "who", "told", "you", "that", "fine", "see", "at", "six", "no"),
    *("way", "call", "me", "first", "where", "did", "buy", "this", "good", "morning", "almost", "done", "send", "it", "over", "thanks"),
    *("a", "lot", "was", "raining", "there", "we", "are", "outside", "which", "one", "do", "like", "more"),
)
NAMES = ("Alex", "Maria", "Jussi", "Sam", "Work", "Noor", "Family", "Ines")


def words(drawn: random.Random, count: int) -> str:
    """Return so many words."""
    return " ".join(drawn.choice(WORDS) for _ in range(count))


def _bubbles(draw: ImageDraw.ImageDraw, drawn: random.Random, top: int, count: int) -> int:
    """Draw messages below each other; return where the next may begin."""
    for _ in range(count):
        width, is_mine = drawn.randrange(260, 560), drawn.random() < 0.5
        left = 700 - width if is_mine else 20
        draw.rounded_rectangle((left, top, left + width, top + 76), 18, fill="#dcf8c6" if is_mine else "white")
        draw.text((left + 18, top + 20), words(drawn, width // 130), fill="black", font=font(26))
        top += 94
    return top


def chat(picture: Picture, number: int) -> Picture:
    """A messenger: a bar with a name, messages, the picture in a bubble, a field to write in."""
    drawn = random.Random(number)
    screen = Image.new("RGB", (720, 1480), "#e6ddd4")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 720, 160), fill="#0b6156")
    draw.text((26, 16), f"{drawn.randrange(24):02d}:{drawn.randrange(60):02d}", fill="white", font=font(26))
    draw.text((560, 16), f"5G {drawn.randrange(10, 99)}%", fill="white", font=font(26))
    draw.line((30, 110, 55, 85, 30, 110, 55, 135), fill="white", width=5)
    draw.ellipse((75, 72, 151, 148), fill="#c8c8c8")
    draw.ellipse((98, 82, 128, 112), fill="white")
    draw.pieslice((85, 112, 141, 168), 180, 360, fill="white")
    draw.text((175, 88), drawn.choice(NAMES), fill="white", font=font(34))
    for left in (560, 640):
        draw.rounded_rectangle((left, 90, left + 46, 128), 8, outline="white", width=4)
    top = _bubbles(draw, drawn, 185, drawn.randrange(1, 4))
    shown = ImageOps.contain(picture, (500, 640))
    draw.rounded_rectangle((24, top, 24 + shown.width + 16, top + shown.height + 16), 18, fill="white")
    screen.paste(shown, (32, top + 8))
    top += shown.height + 34
    _bubbles(draw, drawn, top, max(0, (1360 - top) // 94))
    draw.rectangle((0, 1380, 720, 1480), fill="#f0f0f0")
    draw.rounded_rectangle((20, 1394, 590, 1464), 35, fill="white")
    draw.ellipse((38, 1410, 76, 1448), outline="#777", width=4)
    draw.text((96, 1412), "Message", fill="#888", font=font(30))
    draw.ellipse((614, 1390, 694, 1470), fill="#128c7e")
    draw.polygon([(640, 1408), (640, 1452), (676, 1430)], fill="white")
    return screen


def post(picture: Picture, number: int) -> Picture:
    """A post in a feed: a name above, hearts and words below, a bar at the bottom."""
    drawn = random.Random(number)
    screen = Image.new("RGB", (720, 1480), "white")
    draw = ImageDraw.Draw(screen)
    draw.text((250, 56), "Photogram", fill="black", font=font(46))
    draw.line((0, 130, 720, 130), fill="#ddd", width=2)
    draw.ellipse((20, 148, 88, 216), fill="#c13584")
    draw.ellipse((28, 156, 80, 208), fill="white")
    draw.text((104, 164), f"{words(drawn, 1)}_{words(drawn, 1)}", fill="black", font=font(30))
    shown = ImageOps.contain(picture, (720, 860))
    screen.paste(shown, ((720 - shown.width) // 2, 236))
    below = 236 + shown.height + 24
    draw.polygon([(24, below + 18), (48, below + 50), (72, below + 18), (60, below + 4), (48, below + 14), (36, below + 4)], fill="#ed4956")
    draw.ellipse((100, below + 2, 146, below + 48), outline="black", width=4)
    draw.polygon([(176, below + 4), (222, below + 10), (192, below + 46)], outline="black", width=4)
    draw.polygon([(664, below), (696, below), (696, below + 48), (680, below + 32), (664, below + 48)], outline="black", width=4)
    draw.text((24, below + 66), f"{drawn.randrange(3, 9999):,} likes", fill="black", font=font(28))
    draw.text((24, below + 108), words(drawn, 7), fill="black", font=font(28))
    draw.rectangle((0, 1380, 720, 1382), fill="#ddd")
    for place in range(5):
        draw.rounded_rectangle((50 + place * 144, 1404, 98 + place * 144, 1452), 12, outline="black", width=4)
    return screen


def story(picture: Picture, number: int) -> Picture:
    """A story: the picture on its own blur, a name and a bar of time above, a field to answer below."""
    drawn = random.Random(number)
    screen = ImageOps.fit(picture, (720, 1280)).filter(ImageFilter.GaussianBlur(36))
    shown = ImageOps.contain(picture, (650, 1000))
    screen.paste(shown, ((720 - shown.width) // 2, (1280 - shown.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((14, 14, 706, 19), fill="white")
    draw.ellipse((26, 34, 96, 104), fill="#e1306c")
    draw.ellipse((34, 42, 88, 96), fill="#fcaf45")
    draw.text((112, 52), f"{words(drawn, 1)}{drawn.randrange(99)}", fill="white", font=font(30))
    draw.line((660, 50, 694, 84), fill="white", width=5)
    draw.line((694, 50, 660, 84), fill="white", width=5)
    draw.rounded_rectangle((26, 1190, 540, 1256), 33, outline="white", width=3)
    draw.text((60, 1206), "Send message", fill="white", font=font(30))
    draw.polygon([(580, 1244), (604, 1198), (628, 1244)], outline="white", width=5)
    draw.polygon([(650, 1204), (696, 1220), (658, 1252)], outline="white", width=5)
    return screen


def letterhead(_picture: Picture, number: int) -> Picture:
    """A letter: a mark and a name above a line, then other text each time."""
    drawn = random.Random(number)
    sheet = Image.new("RGB", (850, 1200), "white")
    draw = ImageDraw.Draw(sheet)
    draw.polygon([(60, 60), (150, 60), (105, 140)], fill="#063c8c")
    draw.ellipse((88, 70, 122, 104), fill="white")
    draw.text((180, 76), "TOWN OF EXAMPLE", fill="#063c8c", font=font(42))
    draw.line((60, 160, 790, 160), fill="#063c8c", width=4)
    draw.text((60, 185), f"{drawn.randrange(1, 29)}.{drawn.randrange(1, 13)}.2026", fill="black", font=font(22))
    for line in range(25):
        draw.text((60, 240 + line * 34), words(drawn, drawn.randrange(8, 12)), fill="black", font=font(19))
    draw.line((60, 1120, 790, 1120), fill="#063c8c", width=2)
    draw.text((60, 1132), "Main Street 1, 00000 Example, office@example.org", fill="#063c8c", font=font(20))
    return sheet


def watermark(picture: Picture, _number: int) -> Picture:
    """A site's large name across the middle and its badge in a corner, the same on every picture."""
    marked = ImageOps.contain(picture, (720, 720)).copy()
    draw = ImageDraw.Draw(marked)
    width, height = marked.size
    draw.text((width * 0.14, height * 0.42), "clips4.example", fill="white", font=font(width / 9), stroke_width=2, stroke_fill="black")
    draw.rounded_rectangle((width * 0.7, height * 0.87, width * 0.97, height * 0.96), 8, fill="#ff9600")
    draw.text((width * 0.73, height * 0.885), "C4 hub", fill="black", font=font(width / 20))
    return marked


def player(picture: Picture, number: int) -> Picture:
    """A video site: the picture in a player with its buttons, a title, and a column of small pictures that differ."""
    drawn = random.Random(number)
    screen = Image.new("RGB", (1280, 800), "#f9f9f9")
    draw = ImageDraw.Draw(screen)
    draw.rounded_rectangle((20, 16, 70, 50), 8, fill="#d00")
    draw.polygon([(38, 24), (38, 42), (54, 33)], fill="white")
    draw.text((82, 18), "Streambox", fill="black", font=font(28))
    draw.rounded_rectangle((400, 14, 860, 52), 19, outline="#bbb", width=2)
    draw.rectangle((20, 70, 860, 560), fill="black")
    shown = ImageOps.contain(picture, (840, 450))
    screen.paste(shown, (20 + (840 - shown.width) // 2, 70 + (450 - shown.height) // 2))
    draw.rectangle((40, 526, 840, 531), fill="#777")
    draw.rectangle((40, 526, 40 + drawn.randrange(20, 780), 531), fill="#d00")
    draw.polygon([(44, 538), (44, 554), (58, 546)], fill="white")
    draw.text((76, 536), f"{drawn.randrange(9)}:{drawn.randrange(60):02d} / 9:{drawn.randrange(60):02d}", fill="white", font=font(16))
    draw.text((20, 575), words(drawn, 6), fill="black", font=font(30))
    draw.ellipse((20, 625, 80, 685), fill="#7a5ba8")
    draw.text((95, 640), words(drawn, 2), fill="black", font=font(22))
    draw.rounded_rectangle((700, 630, 860, 675), 22, fill="#0f0f0f")
    draw.text((728, 640), "Subscribe", fill="white", font=font(22))
    for row in range(6):
        tone = tuple(drawn.randrange(40, 220) for _ in range(3))
        draw.rectangle((890, 70 + row * 118, 1070, 172 + row * 118), fill=tone)
        draw.text((1084, 74 + row * 118), words(drawn, 2), fill="black", font=font(18))
    return screen


def listing(picture: Picture, number: int) -> Picture:
    """A market place's offer: a patterned banner with a mark, the picture in a frame, a price, buttons."""
    drawn = random.Random(number)
    page = Image.new("RGB", (900, 1300), "white")
    draw = ImageDraw.Draw(page)
    for column in range(30):
        for row in range(4):
            tone = "#f4b400" if (column * 7 + row * 3) % 5 else "#0f9d58"
            draw.polygon(
                [(column * 30, row * 30), (column * 30 + 30, row * 30 + (column % 3) * 10), (column * 30 + 8, row * 30 + 30)], fill=tone
            )
    draw.ellipse((40, 10, 140, 110), fill="#4285f4")
    draw.rectangle((70, 50, 110, 70), fill="white")
    draw.text((170, 40), "bazaar.example", fill="black", font=font(48), stroke_width=3, stroke_fill="white")
    shown = ImageOps.contain(picture, (760, 820))
    left, top = (900 - shown.width) // 2, 160
    draw.rectangle((left - 14, top - 14, left + shown.width + 14, top + shown.height + 14), fill="#ddd")
    page.paste(shown, (left, top))
    below = top + shown.height + 36
    draw.text((70, below), words(drawn, 4), fill="black", font=font(34))
    draw.text((70, below + 50), f"{drawn.randrange(1, 900)} EUR", fill="#0f9d58", font=font(52))
    draw.rounded_rectangle((560, below + 50, 830, below + 120), 12, fill="#4285f4")
    draw.text((610, below + 64), "Buy now", fill="white", font=font(36))
    return page


FAMILIES: dict[str, Family] = {"chat": chat, "post": post, "story": story, "letterhead": letterhead, "watermark": watermark}
HELD_BACK: dict[str, Family] = {"player": player, "listing": listing}
"""Drawn after the thresholds were fixed."""
