"""Pictures are measured as they are seen; a large one has a small copy that tells nothing more."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from desk.media.pictures import SMALL_PIXELS, size_of_picture, small_copy
from desk.media.store import path_of, sniff_mime, store_file

ORIENTATION, GPS = 0x0112, 0x8825


def a_picture(
    width: int, height: int, form: str = "JPEG", orientation: int = 1, **options: object
) -> bytes:
    picture = Image.effect_noise((width, height), 40).convert("RGB")
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[GPS] = {1: "S", 2: (23.0, 33.0, 1.0)}
    kept = BytesIO()
    picture.save(kept, form, exif=exif, **options)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (a_picture(30, 20), (30, 20)),
        (a_picture(30, 20, orientation=6), (20, 30)),
        (a_picture(30, 20, "PNG"), (30, 20)),
        (a_picture(30, 20, "WEBP"), (30, 20)),
        (a_picture(30, 20)[:20], None),
        (b"no picture", None),
    ],
)
def test_a_picture_is_as_large_as_it_is_seen(data: bytes, size: tuple[int, int] | None) -> None:
    assert size_of_picture(data) == size


async def test_a_stored_picture_knows_its_size_and_another_file_has_none(tmp_path: Path) -> None:
    picture = await store_file(tmp_path, a_picture(30, 20), "a.jpg", 10**6)
    words = await store_file(tmp_path, b"oi", "a.txt", 10**6)
    assert (picture.width_px, picture.height_px) == (30, 20)
    assert (words.width_px, words.height_px) == (None, None)


async def test_a_small_copy_stands_upright_and_says_not_where_it_was_taken(
    tmp_path: Path,
) -> None:
    stored = await store_file(tmp_path, a_picture(1600, 800, orientation=6), "a.jpg", 10**7)
    original = path_of(tmp_path, stored.sha256)
    before = original.read_bytes()
    small = small_copy(original, tmp_path / "small")
    assert small is not None
    with Image.open(small) as picture:
        assert picture.size == (SMALL_PIXELS // 2, SMALL_PIXELS)
        assert not picture.getexif()
    assert original.read_bytes() == before
    made_at = small.stat().st_mtime_ns
    assert small_copy(original, tmp_path / "small") == small
    assert small.stat().st_mtime_ns == made_at


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n broken", b"%PDF-1.4"])
async def test_what_is_no_good_picture_has_no_small_copy(tmp_path: Path, data: bytes) -> None:
    stored = await store_file(tmp_path, data, "a.png", 10**6)
    assert small_copy(path_of(tmp_path, stored.sha256), tmp_path / "small") is None


async def test_what_would_take_too_much_memory_has_no_small_copy(tmp_path: Path) -> None:
    kept = BytesIO()
    Image.new("1", (9000, 5000)).save(kept, "PNG")
    stored = await store_file(tmp_path, kept.getvalue(), "a.png", 10**6)
    assert (stored.width_px, stored.height_px) == (9000, 5000)
    assert small_copy(path_of(tmp_path, stored.sha256), tmp_path / "small") is None


@pytest.mark.parametrize(
    ("data", "name", "mime"),
    [
        (b"\x1a\x45\xdf\xa3\x42\x82webm\x00OpusHead A_OPUS", "fala.webm", "audio/webm"),
        (b"\x1a\x45\xdf\xa3\x42\x82webm\x00A_OPUS V_VP9", "tela.webm", "video/webm"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom hdlr soun", "fala.mp4", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom hdlr vide", "tela.mp4", "video/mp4"),
    ],
)
def test_a_voice_is_told_from_a_film_by_its_tracks(data: bytes, name: str, mime: str) -> None:
    assert sniff_mime(data, name) == mime
