"""Whether a step helped, in whatever words it is said."""

import difflib
import re

from actions.numbers import number_in
from actions.turn import Heard
from actions.wording import fold, says_no, says_yes

_NO = re.compile(
    r"\b(?:nao|n|nn|naum|nem|nada|negativo|ainda|continua\w*|persiste|piorou|igual"
    r"|mesm[oa] (?:coisa|erro|problema|mensagem|jeito)|(?:da|deu|dando) (?:o )?(?:erro|problema)"
    r"|ja (?:tentei|fiz|testei|tinha (?:tentado|feito)))\b"
)
_YES = re.compile(
    r"\b(?:deu (?:certo|bom|boa)|voltou|entrei|entrou|agora (?:sim|foi)|foi (?:agora|sim)|abriu"
    r"|apareceu|normalizou|tudo certo|show|perfeito)\b"
)
_YES_WORDS = ("funcionou", "resolveu", "resolvido", "consegui", "solucionou", "arrumou")
_LIKE = 0.78
_MOST_WORDS = 14
_SURE = 0.5


def has_helped(said: Heard) -> bool | None:
    """True or False for what says so, also with typos; None for everything else."""
    text = " ".join(re.sub(r"[^\w\s]", " ", fold(said.text[:300])).split())
    words = text.split()
    if not words or len(words) > _MOST_WORDS:
        return None
    if len(words) <= 2 and number_in(said.text) in (1, 2):
        return number_in(said.text) == 1
    if says_no(said.text):
        return False
    if says_yes(said.text):
        return True
    if said.text.strip().endswith("?"):
        return None
    if _NO.search(text):
        return False
    if _YES.search(text) or any(_is_like(word) for word in words):
        return True
    return _by_intent(said)


def _is_like(word: str) -> bool:
    return bool(difflib.get_close_matches(word, _YES_WORDS, n=1, cutoff=_LIKE))


def _by_intent(said: Heard) -> bool | None:
    if said.confidence < _SURE:
        return None
    return {"affirm": True, "deny": False}.get(said.intent)
