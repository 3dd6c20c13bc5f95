"""Photos: cleaned, bounded, and bombs turned away before anything is decoded."""

import io
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from config.refusal import Refused, Unavailable
from storage import attachments
from storage.attachments import LONGEST_SIDE, MOST_BYTES, keep_photo
from storage.photo_header import read_header
from tests.unit.storage.pictures import encoded, many_frames, phone_photo, png_bomb


def refusal(data: bytes, folder: Path) -> str:
    with pytest.raises(Refused) as refused:
        keep_photo(data, folder)
    assert refused.value.reason and refused.value.remedy and 400 <= refused.value.status < 500
    assert not folder.exists() or list(folder.iterdir()) == []
    return refused.value.code


def test_photo_is_turned_upright_and_all_metadata_is_gone(tmp_path: Path) -> None:
    kept = keep_photo(phone_photo(), tmp_path / "photos")
    file = tmp_path / "photos" / kept.file_name
    stored = file.read_bytes()
    assert (kept.width, kept.height, kept.size, kept.media_type) == (40, 60, len(stored), "image/jpeg")
    assert b"SECRET" not in stored and b"Exif" not in stored
    with Image.open(io.BytesIO(stored)) as picture:
        assert picture.size == (40, 60) and not picture.getexif()
        red, _green, blue = picture.convert("RGB").getpixel((20, 5))
        assert red > 200 and blue < 60
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_large_photo_is_shrunk_and_names_are_random(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (4000, 1000), "green"), "JPEG")
    first, second = keep_photo(data, tmp_path), keep_photo(data, tmp_path)
    assert (first.width, first.height) == (LONGEST_SIDE, 640)
    assert first.file_name != second.file_name and len(first.file_name) == 36


@pytest.mark.parametrize(("mode", "kind"), [
    ("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"),
    ("CMYK", "JPEG"), ("L", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP"), ("P", "GIF"),
])  # fmt: skip
def test_every_usual_kind_of_picture_is_taken(mode: str, kind: str, tmp_path: Path) -> None:
    kept = keep_photo(encoded(Image.new(mode, (50, 30)), kind), tmp_path)
    assert (kept.width, kept.height) == (50, 30)


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    kept = keep_photo(encoded(Image.new("RGBA", (50, 600), (0, 0, 0, 0)), "PNG"), tmp_path)
    with Image.open(tmp_path / kept.file_name) as picture:
        assert {picture.getpixel((1, y)) for y in (0, 255, 256, 599)} == {(255, 255, 255)}


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: str, tmp_path: Path) -> None:
    kept = keep_photo(many_frames(kind), tmp_path)
    with Image.open(tmp_path / kept.file_name) as picture:
        red, green, _blue = picture.getpixel((16, 16))  # type: ignore[misc]
        assert red > 200 and green < 60


def test_bomb_is_refused_from_its_header_without_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("decoded")

    bomb = png_bomb()
    assert len(bomb) < 200_000
    monkeypatch.setattr(subprocess, "run", never)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    assert refusal(bomb, tmp_path / "p") == "photo_too_many_pixels"
    assert time.perf_counter() - started < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_largest_allowed_picture_is_decoded_below_300_mib(tmp_path: Path) -> None:
    """In a process of its own, because the peak of all children is kept for ever."""
    (tmp_path / "big.png").write_bytes(encoded(Image.new("RGBA", (5470, 5480), (1, 2, 3, 200)), "PNG", compress_level=1))
    program = (
        "import resource, pathlib, sys; from storage.attachments import keep_photo; folder = pathlib.Path(sys.argv[1]);"
        "kept = keep_photo((folder / 'big.png').read_bytes(), folder / 'kept');"
        "print(kept.width, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    width, peak = map(int, done.stdout.split())
    assert width == 2555 and peak < 300


def test_header_that_claims_less_than_the_picture_holds_cannot_take_more_memory(tmp_path: Path) -> None:
    """A GIF whose frame is far larger than its screen: the decoder's own limits must hold."""
    gif = bytearray(encoded(Image.new("P", (64, 64)), "GIF"))
    at = gif.index(b"\x2c", 13 + 3 * 2 ** ((gif[10] & 7) + 1))
    gif[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    assert read_header(bytes(gif)) == read_header(encoded(Image.new("P", (64, 64)), "GIF"))
    assert refusal(bytes(gif), tmp_path / "p") == "photo_unreadable"


@pytest.mark.parametrize(("data", "code"), [
    (b"", "photo_empty"),
    (b"\xff\xd8\xff" + bytes(MOST_BYTES), "photo_too_large"),
    (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "photo_unknown_format"),
    (b"<html><script>alert(1)</script>", "photo_unknown_format"),
    (b"%PDF-1.7", "photo_unknown_format"),
    (b"\x89PNG\r\n\x1a\n", "photo_unknown_format"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "photo_unknown_format"),
    (b"GIF89a\x00\x00\x00\x00", "photo_unknown_format"),
    (encoded(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG")[:3000], "photo_unreadable"),
])  # fmt: skip
def test_bad_input_is_refused_with_reason_and_remedy(data: bytes, code: str, tmp_path: Path) -> None:
    assert refusal(data, tmp_path / "p") == code


def test_polyglot_keeps_only_the_picture(tmp_path: Path) -> None:
    kept = keep_photo(encoded(Image.new("RGB", (20, 20)), "JPEG") + b"<script>alert(1)</script>PK\x03\x04", tmp_path)
    assert b"<script>" not in (tmp_path / kept.file_name).read_bytes()


def test_disk_that_cannot_take_it_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable):
        keep_photo(encoded(Image.new("RGB", (20, 20)), "JPEG"), tmp_path / "file")


def test_decoder_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(attachments, "DECODER", slow)
    monkeypatch.setattr(attachments, "DECODE_SECONDS", 0.3)
    assert refusal(encoded(Image.new("RGB", (20, 20)), "JPEG"), tmp_path / "p") == "photo_unreadable"
