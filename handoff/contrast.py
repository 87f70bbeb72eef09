"""A brand's colour made readable: what text goes on it, how it is written with, light and dark.

Contrast as WCAG 2.2 measures it (relative luminance, success criterion 1.4.3: at least 4.5).
"""

ENOUGH = 4.5
LIGHT_SURFACE = "#ffffff"
DARK_SURFACE = "#20282b"
_STEPS = 50


def contrast(one: str, other: str) -> float:
    """The ratio of two ``#rrggbb`` colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_on(color: str) -> str:
    """White or black, whichever reads better on a colour; one of them always does."""
    return max(("#ffffff", "#000000"), key=lambda text: contrast(text, color))


def readable(color: str, surface: str) -> str:
    """The colour, moved towards white or black until it can be read on a surface."""
    towards = text_on(surface)
    for step in range(_STEPS + 1):
        moved = mix(color, towards, step / _STEPS)
        if contrast(moved, surface) >= ENOUGH:
            return moved
    return towards


def mix(color: str, other: str, share: float) -> str:
    """A colour with a share (0 to 1) of another."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in _parts(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
