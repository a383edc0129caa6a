"""A small writer of PDF 1.4: pages with pictures, pixel for pixel, and lines of text; each picture is written at once.

Pillow's writer knows pages that are one JPEG. Here pixels stay as they are and as sharp as they are, and words words.
ISO 32000-1: sections 7.5 (the file), 8.9 (pictures), 9.4 (text).
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

import numpy as np
from PIL import ImageFont

Tone = tuple[float, float, float]  # red, green, blue in 0 to 1

PAPERS = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}  # points of 1/72 inch
CATALOG, PAGES, FONT = 1, 2, 3
WIDER = 1.05  # Helvetica's letters at most, against those of the font that lines are measured by


class Pdf:
    """Raises OSError while it writes."""

    def __init__(self, file: BinaryIO, paper: str = "A4"):
        self._file = file
        self.width, self.height = PAPERS[paper]
        self._places: dict[int, int] = {}  # {number of an object: where it begins}
        self._newest = FONT
        self._pages: list[int] = []
        file.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")

    def page(self, ground: Tone = (1, 1, 1)) -> Page:
        """A new one, to be given to `add`."""
        return Page(self, ground)

    def add(self, page: Page) -> None:
        content = self._new(_stream(b"", b"\n".join(page.content)))
        pictures = b" ".join(b"/I%d %d 0 R" % (number, number) for number in page.pictures)
        box = b"[0 0 %.2f %.2f]" % (self.width, self.height)
        self._pages.append(
            self._new(
                b"<< /Type /Page /Parent %d 0 R /MediaBox %s /Contents %d 0 R "
                b"/Resources << /Font << /F %d 0 R >> /XObject << %s >> >> >>" % (PAGES, box, content, FONT, pictures)
            )
        )

    def picture(self, pixels: np.ndarray) -> int:
        """[H, W, C] uint8, C of 1 or 3; the number by which pages show it."""
        height, width, channels = pixels.shape
        colours = b"/DeviceGray" if channels == 1 else b"/DeviceRGB"
        about = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8 "
        return self._new(_stream(about % (width, height, colours), np.ascontiguousarray(pixels).tobytes()))

    def close(self, title: str) -> None:
        """Write what ends the file; the file itself stays open."""
        kids = b" ".join(b"%d 0 R" % number for number in self._pages)
        self._write(CATALOG, b"<< /Type /Catalog /Pages %d 0 R >>" % PAGES)
        self._write(PAGES, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(self._pages)))
        self._write(FONT, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
        name = b"\xfe\xff" + title.encode("utf-16-be", "replace")
        info = self._new(b"<< /Title <%s> /Producer (GAN Studio) >>" % name.hex().encode())
        start = self._file.tell()
        rows = b"".join(b"%010d 00000 n \n" % self._places[number] for number in range(1, self._newest + 1))
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (self._newest + 1, rows))
        ends = (self._newest + 1, CATALOG, info, start)
        self._file.write(b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % ends)

    def _new(self, body: bytes) -> int:
        self._newest += 1
        self._write(self._newest, body)
        return self._newest

    def _write(self, number: int, body: bytes) -> None:
        self._places[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))


class Page:
    """What stands on a page; lengths in points, from the left and from the top."""

    def __init__(self, pdf: Pdf, ground: Tone):
        self._pdf = pdf
        self.pictures: list[int] = []
        self.content = [b"%.3f %.3f %.3f rg 0 0 %.2f %.2f re f" % (*ground, pdf.width, pdf.height)]

    def show(self, pixels: np.ndarray, left: float, top: float, width: float, height: float) -> None:
        """[H, W, C] uint8, C of 1 or 3."""
        number = self._pdf.picture(pixels)
        self.pictures.append(number)
        bottom = self._pdf.height - top - height
        self.content.append(b"q %.3f 0 0 %.3f %.3f %.3f cm /I%d Do Q" % (width, height, left, bottom, number))

    def text(self, words: str, left: float, top: float, size: float, room: float, tone: Tone = (0, 0, 0)) -> None:
        """A line in Helvetica, cut where it would be longer than its room; letters beyond Western ones become `?`."""
        words = "".join(letter if letter.isprintable() else " " for letter in words)
        font = ImageFont.load_default(size)
        while len(words) > 1 and WIDER * font.getlength(words) > room:
            words = words[:-2].rstrip() + "…"
        place = (size, left, self._pdf.height - top - size)
        self.content.append(b"%.3f %.3f %.3f rg BT /F %.2f Tf %.3f %.3f Td (%s) Tj ET" % (*tone, *place, _said(words)))


def _said(words: str) -> bytes:
    """A string between brackets, with what means something there escaped."""
    text = words.encode("cp1252", "replace")
    return text.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _stream(about: bytes, data: bytes) -> bytes:
    packed = zlib.compress(data)
    return b"<< %s/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (about, len(packed), packed)
