"""Whether an answer says only what its passages say: by its citations, links, numbers and words."""

import re
from collections.abc import Sequence

from desk.knowledge.terms import terms_of
from desk.text import STRONG, fold

MOST_CHARS = 1500
_DONT_KNOW = re.compile(r"\bn[aã]o_sei\b", re.IGNORECASE)
_CITATION = re.compile(r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_LINK = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|br|io)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_STEP_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s", re.MULTILINE)
_LEAST_SHARED = 0.6


class NotGrounded(Exception):
    """The answer cannot be used; the text says why, without what it says."""


def cited(answer: str, count: int) -> tuple[str, list[int]]:
    """The answer without its citations, and the passages cited, from 0, each once, in order.

    Raises:
        NotGrounded: it is empty or too long, a refusal, cites nothing or what was not given.
    """
    if not answer.strip() or len(answer) > MOST_CHARS:
        raise NotGrounded("empty or too long")
    if _DONT_KNOW.search(answer):
        raise NotGrounded("the model does not know")
    numbers = [
        int(number) for found in _CITATION.findall(answer) for number in re.findall(r"\d+", found)
    ]
    if not numbers or any(not 1 <= number <= count for number in numbers):
        raise NotGrounded("no citation, or of something that was not given")
    plain = _CITATION.sub("", answer).replace("**", "*")
    lines = (line.rstrip() for line in plain.splitlines() if line.strip())
    return "\n".join(lines).strip(), [number - 1 for number in dict.fromkeys(numbers)]


def check_grounded(answer: str, passages: Sequence[str]) -> None:
    """Compares an answer without citations with the passages that it cites.

    Raises:
        NotGrounded: it has a link, a number or a strong word that they do not have, or mostly
            other words.
    """
    whole = "\n".join(passages)
    folded = fold(whole)
    # Punctuation that ends a sentence is none of a link's.
    if any(fold(link.rstrip(".,;:!?)")) not in folded for link in _LINK.findall(answer)):
        raise NotGrounded("a link that is in no passage")
    known = set(_NUMBER.findall(whole))
    if any(number not in known for number in _NUMBER.findall(_without_steps(answer))):
        raise NotGrounded("a number that is in no passage")
    if any(fold(words) not in folded for words in STRONG.findall(answer)):
        raise NotGrounded("a name that is in no passage")
    said, there = set(terms_of(answer)), set(terms_of(whole))
    if not said or len(said & there) / len(said) < _LEAST_SHARED:
        raise NotGrounded("mostly words that are in no passage")


def _without_steps(answer: str) -> str:
    """The numbers of steps, counted from one, are the form of the answer."""
    expected = 1

    def drop(step: re.Match[str]) -> str:
        nonlocal expected
        if int(step[1]) != expected:
            return step[0]
        expected += 1
        return ""

    return _STEP_NUMBER.sub(drop, answer)
