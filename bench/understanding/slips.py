"""Random typing slips for the measurement; not those that training copies are made with.

`nlu/typos.py` knows the keyboard, these do not: any letter may come in place of any other.
"""

from random import Random
from string import ascii_lowercase

KINDS = ("replaced", "left out", "inserted", "swapped")


def with_slips(text: str, count: int, random: Random) -> str:
    """The text with that many slips at random letters; figures and punctuation stay."""
    for _ in range(count):
        places = [place for place, char in enumerate(text) if char.isalpha()]
        if not places:
            break
        place, kind = random.choice(places), random.choice(KINDS)
        before, letter, after = text[:place], text[place], text[place + 1 :]
        if kind == "replaced":
            text = before + random.choice(ascii_lowercase) + after
        elif kind == "left out" and len(places) > 1:
            text = before + after
        elif kind == "inserted":
            text = before + random.choice(ascii_lowercase) + letter + after
        elif kind == "swapped":
            text = before + after[:1] + letter + after[1:]
    return text
