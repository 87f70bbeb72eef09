"""Small numbers in what people write."""

import re

from actions.wording import fold

_ORDINALS = ("zero", "primeir", "segund", "terceir", "quart", "quint", "sext", "setim", "oitav")
_CARDINALS = ("zero", "um", "dois", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove")
_DIGITS = re.compile(r"(?<!\d)\d{1,2}(?!\d)")


def number_in(text: str) -> int | None:
    """The one small number that a message names, in digits or words; None else."""
    digits = _DIGITS.findall(text.replace("\ufe0f\u20e3", " "))
    if digits:
        return int(digits[0]) if len(digits) == 1 else None
    words = [word.strip(".,!?*") for word in fold(text).split()]
    if len(words) > 4:
        return None
    for names in (_CARDINALS, _ORDINALS):
        for value, name in enumerate(names):
            if any(w == name or (names is _ORDINALS and w.startswith(name)) for w in words):
                return value
    return None
