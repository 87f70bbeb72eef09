"""Small readings of words that several actions need."""

import re
import unicodedata

_FINISHED = re.compile(
    r"(?:e |era |eh |ok |pronto |ja )*"
    r"(?:fim|finaliz\w*|conclu\w*|encerr\w* (?:o )?envio|pronto|terminei|acabou|acabei"
    r"|so isso(?: mesmo)?"
    r"|mais nada|nada mais|nada|pode (?:abrir|enviar|criar|concluir|finalizar)"
    r"|(?:nao|n) (?:tenho|tem|ha|precisa)\b.{0,30}|nenhum\w?"
    r"|sem (?:anexos?|arquivos?|midias?|fotos?))"
)
_LETTERS = re.compile(r"[^\W\d_]")


def fold(text: str) -> str:
    """The text in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def says_finished(text: str) -> bool:
    """Whether a message says that there is no more to come: "Fim" and its like."""
    words = " ".join(re.sub(r"[^\w\s]", " ", fold(text)).split())
    return len(words) <= 60 and _FINISHED.fullmatch(words) is not None


def has_words(text: str) -> bool:
    """Whether a message says anything in letters; emoji and dots do not."""
    return len(_LETTERS.findall(text)) >= 2


def first_sentence(text: str, most_chars: int) -> str:
    """The first sentence or line, cut at a word when it is longer than ``most_chars``."""
    sentence = re.split(r"(?<=[.!?])\s|\n", text.strip(), maxsplit=1)[0].strip()
    if len(sentence) <= most_chars:
        return sentence
    return sentence[: most_chars - 1].rsplit(" ", 1)[0] + "…"
