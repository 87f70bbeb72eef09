"""Slips of thumbs on a phone's keyboard, made on purpose: training copies are full of them."""

from __future__ import annotations

from random import Random

_ROWS = ("qwertyuiop", "asdfghjklç", "zxcvbnm")


def _keys_around() -> dict[str, str]:
    around = {}
    for row, letters in enumerate(_ROWS):
        for column, letter in enumerate(letters):
            rows = _ROWS[max(0, row - 1) : row + 2]
            near = "".join(other[max(0, column - 1) : column + 2] for other in rows)
            around[letter] = near.replace(letter, "")
    return around


KEYS_AROUND = _keys_around()
"""The keys around each key of a pt-BR keyboard."""


def mistyped(text: str, slips: int, random: Random) -> str:
    """The text with that many slips, each at a letter; digits and punctuation stay."""
    for _ in range(slips):
        places = [place for place, char in enumerate(text) if char.isalpha()]
        if not places:
            break
        place = random.choice(places)
        before, letter, after = text[:place], text[place], text[place + 1 :]
        kind = random.choice(("nearby", "missed", "twice", "swapped", "extra"))
        if kind == "nearby":
            text = before + random.choice(KEYS_AROUND.get(letter.lower(), "aeiou")) + after
        elif kind == "missed" and len(places) > 1:
            text = before + after
        elif kind == "twice":
            text = before + letter + letter + after
        elif kind == "swapped":
            text = before + after[:1] + letter + after[1:]
        elif kind == "extra":
            text = before + random.choice(KEYS_AROUND.get(letter.lower(), "aeiou")) + letter + after
    return text
