"""Run as a program of its own: decodes one picture from standard input under memory and time limits, writes a clean JPEG.

It imports nothing of ours, so that a picture that breaks a decoder breaks only this short-lived process.
Arguments: format, longest side in pixels. Ends with 0, or 3 when the picture cannot be read.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MEMORY = 900 * 1024 * 1024  # address space: the interpreter and Pillow map about 250 MB of it, 30 M pixels need up to 250 MB more
SECONDS = 30
UNREADABLE = 3
ORIENTATION = 0x0112
STRIP = 256


def _limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits outside POSIX; the pixel limit of the header still holds
        return
    for kind, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue


def _flat(picture: Image.Image) -> Image.Image:
    """The picture on white, in RGB. Strip by strip: converting a large one in one go would need twice the memory."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture if picture.mode in {"RGB", "L"} else picture.convert("RGB")
    flat = Image.new("RGB", picture.size, "white")
    for top in range(0, picture.height, STRIP):
        strip = picture.crop((0, top, picture.width, min(top + STRIP, picture.height))).convert("RGBA")
        flat.paste(strip, (0, top), mask=strip)
    return flat


def _opened_flat(data: bytes, name: str, longest: int) -> tuple[Image.Image, int]:
    """The first frame on white and how it must be turned; the original is let go before anything else needs memory."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the caller has checked the header
    with Image.open(io.BytesIO(data), formats=[name, "MPO"] if name == "JPEG" else [name]) as opened:
        opened.draft("RGB", (longest, longest))
        turn = int(opened.getexif().get(ORIENTATION, 1))
        opened.load()
        return _flat(opened), turn


def _decode(data: bytes, name: str, longest: int) -> Image.Image:
    """Upright, at most `longest` pixels a side, RGB, no metadata."""
    from PIL import Image, ImageOps

    small, turn = _opened_flat(data, name, longest)
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.getexif()[ORIENTATION] = turn
    upright = ImageOps.exif_transpose(small)
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    return clean


def main() -> int:
    """Picture in, clean JPEG out."""
    _limit()
    name, longest = sys.argv[1], int(sys.argv[2])
    try:
        clean = _decode(sys.stdin.buffer.read(), name, longest)
    except (OSError, ValueError, SyntaxError, MemoryError, OverflowError, EOFError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return UNREADABLE
    clean.save(sys.stdout.buffer, "JPEG", quality=85, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
