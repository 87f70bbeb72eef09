"""Scores in what people write."""

import re

from actions.numbers import number_in
from actions.wording import fold

_SCORES = {
    5: r"otim|excelent|maxim|perfeit|ador|maravilh|nota mil|muito bem|mt bem|muito bo[ma]|top",
    4: r"\bbom\b|\bboa\b|bem atendid|gostei",
    3: r"regular|mais ou menos|razoavel|medio",
    1: r"pessim|horrivel|terrivel|nota zero",
    2: r"ruim|fraco|deixou a desejar",
}


def score_in(text: str) -> int | None:
    """A score from 1 to 5 in digits, stars or words; "nota 10" counts as 5."""
    stars = text.count("⭐")
    number = stars or number_in(text)
    if number is not None:
        return min(5, max(1, number))
    plain = fold(text)
    return next((score for score, words in _SCORES.items() if re.search(words, plain)), None)
