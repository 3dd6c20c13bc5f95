"""Reads type and size of a picture from its first bytes, so that a bomb is turned away before anything is decoded."""

import struct
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True)
class PhotoHeader:
    """What the header claims: Pillow's format name, width and height in pixels."""

    format: str
    width: int
    height: int


def _png(data: bytes) -> PhotoHeader | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return PhotoHeader("PNG", width, height)


def _gif(data: bytes) -> PhotoHeader | None:
    if len(data) < 10:
        return None
    width, height = struct.unpack("<HH", data[6:10])
    return PhotoHeader("GIF", width, height)


def _jpeg(data: bytes) -> PhotoHeader | None:
    """The largest frame any start-of-frame marker before the picture data claims."""
    at, width, height = 2, 0, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in STANDALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in START_OF_FRAME and at + 9 <= len(data):
            tall, wide = struct.unpack(">HH", data[at + 5 : at + 9])
            width, height = max(width, wide), max(height, tall)
        if marker in {0xD9, 0xDA} or length < 2:
            break
        at += 2 + length
    return PhotoHeader("JPEG", width, height) if width and height else None


def _webp(data: bytes) -> PhotoHeader | None:
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return PhotoHeader("WEBP", int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return PhotoHeader("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return PhotoHeader("WEBP", width & 0x3FFF, height & 0x3FFF)
    return None


def read_header(data: bytes) -> PhotoHeader | None:
    """The header of a PNG, JPEG, GIF or WebP picture; None for anything else or a broken header."""
    if data.startswith(PNG):
        found = _png(data)
    elif data.startswith(b"\xff\xd8\xff"):
        found = _jpeg(data)
    elif data.startswith((b"GIF87a", b"GIF89a")):
        found = _gif(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        found = _webp(data)
    else:
        return None
    return found if found is not None and found.width > 0 and found.height > 0 else None
