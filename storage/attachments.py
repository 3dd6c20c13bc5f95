"""Keeps a resident's photo: refused by its header when too big, decoded apart, upright, without metadata, under a random name."""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from config.refusal import Refused, Unavailable
from config.words import Words
from storage.photo_header import PhotoHeader, read_header

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 30_000_000
# The WebP decoder holds four copies of the canvas; 12 M pixels keep the decoding process below 300 MB.
MOST_PIXELS_OF_WEBP = 12_000_000
LONGEST_SIDE = 2560
MEDIA_TYPE = "image/jpeg"
DECODER = Path(__file__).resolve().with_name("photo_decoder.py")
DECODE_SECONDS = 40
UNREADABLE = 3


@dataclass(frozen=True)
class KeptPhoto:
    """A photo in its folder: `file_name` is random and says nothing about the sender; size in bytes, width and height in pixels."""

    file_name: str
    media_type: str
    size: int
    width: int
    height: int


def _refusal(code: str, status: int) -> Refused:
    words = Words()
    return Refused(words(code), words(f"{code}_remedy"), status=status, code=code)


def _checked_header(data: bytes) -> PhotoHeader:
    if not data:
        raise _refusal("photo_empty", 400)
    if len(data) > MOST_BYTES:
        raise _refusal("photo_too_large", 413)
    header = read_header(data)
    if header is None:
        raise _refusal("photo_unknown_format", 415)
    if header.width * header.height > (MOST_PIXELS_OF_WEBP if header.format == "WEBP" else MOST_PIXELS):
        raise _refusal("photo_too_many_pixels", 413)
    return header


def _decode(data: bytes, header: PhotoHeader) -> bytes:
    command = [sys.executable, "-I", str(DECODER), header.format, str(LONGEST_SIDE)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=DECODE_SECONDS, check=False, env={})
    except subprocess.TimeoutExpired:
        raise _refusal("photo_unreadable", 422) from None
    except OSError as error:
        raise Unavailable("attachments", str(error)) from error
    if done.returncode != 0 or not done.stdout:
        raise _refusal("photo_unreadable", 422)
    return done.stdout


def _store(jpeg: bytes, folder: Path) -> str:
    name = f"{secrets.token_hex(16)}.jpg"
    draft = folder / f".{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(jpeg)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(folder / name)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable("attachments", str(error)) from error
    return name


def keep_photo(data: bytes, folder: Path) -> KeptPhoto:
    """Check, clean and store one picture (JPEG, PNG, WebP, GIF; of a moving one the first frame) below `folder`.

    Refused (words for the resident, status 400/413/415/422) when it is empty, over 15 MB, over 30 million pixels by its header,
    no picture or unreadable. Unavailable when it cannot be stored (disk full).
    """
    jpeg = _decode(data, _checked_header(data))
    header = read_header(jpeg)
    if header is None:
        raise _refusal("photo_unreadable", 422)
    return KeptPhoto(_store(jpeg, folder), MEDIA_TYPE, len(jpeg), header.width, header.height)
