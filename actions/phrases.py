"""Words that are part of a message: the titles of a menu, the lines of a story, a letter.

Rasa itself fills in whole responses. What an action puts together comes from the same files of
the designers, by its name, and never stands in Python.
"""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

_FACT = re.compile(r"\{(\w+)\}")
_responses: ContextVar[Mapping[str, Any]] = ContextVar("responses")


def use_responses(domain: Mapping[str, Any] | None) -> None:
    """The responses of the domain that came with the running call."""
    _responses.set((domain or {}).get("responses") or {})


def phrases(name: str) -> list[str]:
    """Every variation of a response."""
    return [str(variation["text"]).strip() for variation in _responses.get()[name]]


def phrase(name: str, **facts: object) -> str:
    """One variation of a response with its facts."""
    text = random.choice(phrases(name))  # noqa: S311 - variety, not secrecy
    # In one go: what a fact itself says in braces is nobody's fact.
    return _FACT.sub(lambda found: str(facts.get(found[1], found[0])), text)
