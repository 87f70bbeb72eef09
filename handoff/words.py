"""The bridge's own words. Designers change them in ``data/bridge/responses.yml``."""

import random
import re
from pathlib import Path

import yaml

_FACT = re.compile(r"\{(\w+)\}")
RESPONSES_FILE = Path(__file__).parent.parent / "data" / "bridge" / "responses.yml"


class WordsError(Exception):
    """The file of the bridge's words lacks something."""


class Words:
    """Responses by name, in Rasa's own form: a list of variations with a ``text``."""

    def __init__(self, responses: dict[str, list[str]]) -> None:
        self._responses = responses

    @classmethod
    def load(cls, path: Path = RESPONSES_FILE) -> "Words":
        """Reads the file.

        Raises:
            WordsError: it is missing or a response has no text.
        """
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
            responses = {
                name: [variation["text"] for variation in variations]
                for name, variations in content["responses"].items()
            }
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise WordsError(f"{path} cannot be read as Rasa responses: {error}") from error
        return cls(responses)

    def say(self, name: str, /, **facts: object) -> str:
        """One variation of a response with its facts filled in."""
        text = random.choice(self._responses[name])  # noqa: S311 - variety, not secrecy
        # In one go: what a fact itself says in braces is nobody's fact.
        return _FACT.sub(lambda found: str(facts.get(found[1], found[0])), text).strip()
