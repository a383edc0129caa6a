"""One self-contained HTML page: pictures inside, nothing fetched, no script but its own allowed to run."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image

from ..images import png
from ..presets import resources
from .svg import safe

SHARP = 640  # pictures of fewer pixels than they are shown with keep their edges
QUALITIES = (92, 85, 75, 60)


def page(title: str, parts: Iterable[str]) -> bytes:
    """The whole file. Whatever the parts hold, a browser fetches nothing and runs no other script."""
    style, script = _resource("page.css"), _resource("page.js")
    allowed = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in allowed.items())
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{safe(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="generator" content="GAN Studio">',
        f"<title>{safe(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        *parts,
        f"<script>{script}</script>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines).encode()


def _resource(name: str) -> str:
    return (resources() / "report" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- parts -----------------------------------------------------------------------------------------------------------


def section(title: str, *parts: str) -> str:
    """ "" where there is nothing to say."""
    inner = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{safe(title)}</h2>\n{inner}\n</section>" if inner else ""


def paragraph(text: str, kind: str = "") -> str:
    return f"<p{_attribute('class', kind)}>{safe(text)}</p>" if text else ""


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Words and what they are; rows without text are left out."""
    inner = "".join(f"<dt>{safe(word)}</dt><dd>{safe(text)}</dd>\n" for word, text in rows if text)
    return f"<dl>\n{inner}</dl>" if inner else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kinds: Sequence[str], changed: Iterable[int] = ()) -> str:
    """`kinds` are the classes of the columns; the rows named in `changed` are marked."""
    if not rows:
        return ""
    marked = set(changed)
    lines = ["<table>", f"<thead><tr>{_cells('th', head, kinds)}</tr></thead>", "<tbody>"]
    for i, row in enumerate(rows):
        lines.append(f"<tr{_attribute('class', 'changed' if i in marked else '')}>{_cells('td', row, kinds)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def _cells(tag: str, texts: Sequence[str], kinds: Sequence[str]) -> str:
    pairs = zip(texts, kinds, strict=True)
    return "".join(f"<{tag}{_attribute('class', kind)}>{safe(text)}</{tag}>" for text, kind in pairs)


def code(text: str, kind: str = "") -> str:
    return f"<pre{_attribute('class', kind)}>{safe(text)}</pre>" if text else ""


def download(name: str, data: bytes, words: str) -> str:
    """A link that saves a file which lies in the page."""
    return f'<p><a download="{safe(name)}" href="{_inside("text/plain", data)}">{safe(words)}</a></p>'


def _attribute(name: str, text: str) -> str:
    return f' {name}="{safe(text)}"' if text else ""


# --- pictures --------------------------------------------------------------------------------------------------------


def figure(pixels: np.ndarray, caption: str, alt: str, most_bytes: int, id: str = "") -> str:
    """[H, W, C] uint8 in at most about so many bytes."""
    height, width = pixels.shape[:2]
    attributes = {
        "class": "crisp" if width < SHARP else "",
        "src": picture(pixels, most_bytes),
        "width": str(width),
        "height": str(height),
        "alt": alt,
    }
    image = "".join(_attribute(name, text) for name, text in attributes.items())
    return f"<figure{_attribute('id', id)}><img{image}><figcaption>{safe(caption)}</figcaption></figure>"


def tile(name: str, pixels: np.ndarray, texts: Mapping[str, str], words: Sequence[str]) -> str:
    """A picture of a gallery, [H, W, C] uint8, as the very PNG with its texts that a file of this name would be."""
    height, width = pixels.shape[:2]
    attributes = {
        "class": "crisp" if width < SHARP else "",
        "src": _inside("image/png", png(pixels, texts)),
        "width": str(width),
        "height": str(height),
        "alt": " ".join(words) or name,
        "loading": "lazy",
    }
    image = "".join(_attribute(name, text) for name, text in attributes.items())
    said = "".join(f"<span>{safe(line)}</span>" for line in words)
    under = f"<figcaption>{said}</figcaption>" if said else ""
    return f'<figure><a download="{safe(name)}"><img{image}></a>{under}</figure>'


def picture(pixels: np.ndarray, most_bytes: int) -> str:
    """[H, W, C] uint8 as an address: exact where it fits into so many bytes, else a JPEG, else a smaller one."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    data = _saved(image, "PNG")
    if len(data) <= most_bytes:
        return _inside("image/png", data)
    image = _opaque(image)
    for quality in QUALITIES:
        data = _saved(image, "JPEG", quality=quality, subsampling=0)
        if len(data) <= most_bytes:
            return _inside("image/jpeg", data)
    while len(data) > most_bytes and min(image.size) > 32:
        smaller = (image.width * 3 // 4, image.height * 3 // 4)
        image = image.resize(smaller, Image.Resampling.LANCZOS)
        data = _saved(image, "JPEG", quality=QUALITIES[1])
    return _inside("image/jpeg", data)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _inside(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
