"""Pictures: their size as a reader sees it, and a small copy of a large one.

Bounded, since anybody may send anything: what has more pixels than these, or is no picture that
Pillow opens, has no small copy (or not even a size) and is shown as it came. A JPEG is made small
while it is read, so that a phone's largest photo takes little memory; others are read whole.
"""

import os
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

MOST_PIXELS = 89_000_000
MOST_PIXELS_READ_WHOLE = 40_000_000
SMALL_PIXELS = 720
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
# Exif's orientation: from 5 on, width and height change places.
_ORIENTATION, _FIRST_TURNED = 0x0112, 5
_REFUSED = (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError)


def size_of_picture(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, turned as its orientation says; only the header is read."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION, 1) >= _FIRST_TURNED
    except _REFUSED:
        return None
    if width * height > MOST_PIXELS:
        return None
    return (height, width) if turned else (width, height)


def small_copy(source: Path, folder: Path) -> Path | None:
    """A copy of at most 720 pixels a side, made once; None when the original must do.

    It carries nothing of the original but its colours: no place, camera or name.
    """
    target = folder / source.name[:2] / f"{source.name}.webp"
    if target.exists():
        return target
    try:
        with Image.open(source, formats=FORMATS) as picture:
            if not _may_be_read(picture):
                return None
            picture.draft("RGB", (SMALL_PIXELS * 2, SMALL_PIXELS * 2))
            small = ImageOps.exif_transpose(picture)
            small.thumbnail((SMALL_PIXELS, SMALL_PIXELS))
            small = small.convert("RGBA" if small.has_transparency_data else "RGB")
            _save(small, target)
    except _REFUSED:
        return None
    return target


def _may_be_read(picture: Image.Image) -> bool:
    most = MOST_PIXELS if picture.format == "JPEG" else MOST_PIXELS_READ_WHOLE
    return picture.width * picture.height <= most and not getattr(picture, "is_animated", False)


def _save(picture: Image.Image, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(descriptor, "wb") as file:
        picture.save(file, "WEBP", quality=80)
    os.replace(temporary, target)
