"""Pictures for the photo tests: real ones, and headers that lie."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as bytes of that format."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def phone_photo() -> bytes:
    """60 × 40 as stored, left half red; EXIF says turn by 90°, and where it was taken, and by which camera."""
    picture = Image.new("RGB", (60, 40), "blue")
    picture.paste("red", (0, 0, 30, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[2] = (40.0, 39.0, 1.0)
    return encoded(picture, "JPEG", exif=exif, comment=b"SECRETCOMMENT", quality=95)


def png_bomb(side: int = 13_300) -> bytes:
    """A one-bit PNG of side × side pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )


def many_frames(kind: str, count: int = 300) -> bytes:
    """A moving picture whose first frame is red."""
    frames = [Image.new("RGB", (32, 32), "red"), *(Image.new("RGB", (32, 32), (0, index % 256, 0)) for index in range(count))]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])
