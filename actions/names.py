"""Telling a person's name from everything else that people answer."""

import re

from actions.turn import Heard
from actions.wording import fold

MAX_CHARS = 80
MAX_WORDS = 8
_SURE = 0.8
_INTRODUCTION = re.compile(
    r"^.*?\b(?:meu nome(?: completo)?(?: correto| certo)?(?: (?:é|e|eh))?|me chamo|"
    r"pode me chamar de|"
    r"(?:eu )?sou (?:o|a)|aqui (?:é|e|eh) (?:o|a)|quem fala (?:é|e|eh) (?:o|a)?)[\s:,]+",
    re.IGNORECASE,
)
# "sou o dono" tells no name, "sou o Pedro" does.
_INTRODUCES = re.compile(
    r"\b(?:(?i:meu nome|me chamo)\b|(?i:sou|aqui (?:é|e|eh)|quem fala (?:é|e|eh)) (?:o|a) [A-ZÀ-Ý])"
)
_EMAIL = re.compile(r"\S+@\S+")
_NAME = re.compile(r"[^\W\d_][^\W\d_'’.\-]*(?:[ '’.\-]+[^\W\d_][^\W\d_'’.\-]*)*\.?")
_REQUESTS = frozenset({"open_ticket", "complaint", "recover_access", "ask_docs", "check_status"})
_SHORT_WORDS = frozenset({"goodbye", "affirm", "deny", "thanks"})
_PARTICLES = frozenset({"da", "de", "do", "das", "dos", "e", "di", "du", "la", "van", "von", "y"})
# Words that no name is made of and that answers, greetings and requests are full of.
_NEVER = re.compile(
    r"""
    sim|nao|ok|okay|oi|ola|opa|bom|boa|dia|tarde|noite|obrigado|obrigada|valeu|vlw|blz|beleza|
    claro|certo|isso|quero|queria|preciso|gostaria|falar|atendente|humano|pessoa|alguem|robo|
    menu|sair|voltar|ajuda|ajudar|fim|que|qual|quais|quem|como|onde|quando|porque|pq|por|favor|
    pfv|vc|voce|voces|vcs|meu|minha|seu|sua|nome|email|cnpj|empresa|senha|portal|sistema|
    problema|erro|chamado|ticket|atendimento|suporte|impressora|nota|boleto|abrir|criar|novo|
    nova|esqueci|nada|tudo|bem|para|pra|com|sem|nem|mas|ja|agora|hoje|aqui|ai|esta|estou|tenho|
    tem|ter|ser|fazer|posso|pode|porra|caralho|merda|teste|test|asdf|qwerty|abc|null|none|
    undefined|tchau|adeus|ate|mais|logo|td|nunca|sei|digo|dono|dona|gerente|
    proprietario|proprietaria|responsavel|funcionario|funcionaria|cliente|vendedor|caixa
    """,
    re.VERBOSE,
)
# Nobody is called so, but people are called so in the end: Vila Nova, Claro, Pessoa.
_ENDS_NAMES = re.compile(r"nov[ao]|claro|certo|bom|boa|bem|pessoa|dia|caixa|teste|para")
_VOWELS = re.compile(r"[aeiouy]")
_MASHED = re.compile(r"[^aeiouy]{6,}|(.)\1{2,}|asdf|qwer|zxcv|hjkl|(?:[sdfgjkl]{2,}[ahj]?){3,}")


def name_in(said: Heard) -> str | None:
    """The name that a message gives; None when it gives none.

    "sim", "asdf", a question or a request are no names, whatever the form asked for.
    """
    text = _EMAIL.sub(" ", said.text).strip(" ,;:.!")
    introduced = _INTRODUCTION.match(text)
    if introduced:
        text = text[introduced.end() :]
    text = re.split(r"[,;\n]| e (?:meu|o meu|o) e-?mail", text, maxsplit=1)[0].strip(" .!*")
    words = text.split()
    if not words or len(text) > MAX_CHARS or len(words) > MAX_WORDS or "?" in said.text:
        return None
    if not _NAME.fullmatch(text) or not _could_be_name(words[0]):
        return None
    if not all(_ENDS_NAMES.fullmatch(fold(word)) or _could_be_name(word) for word in words[1:]):
        return None
    if not introduced and _is_surely_something_else(said, words):
        return None
    return " ".join(_capitalised(word) for word in words)


def introduces_name(text: str) -> bool:
    """Whether somebody says what they are called, in whatever moment."""
    return _INTRODUCES.search(text) is not None


def _could_be_name(word: str) -> bool:
    folded = fold(word).strip(".'’-")
    if _NEVER.fullmatch(folded) or _MASHED.search(folded):
        return False
    return len(folded) == 1 or folded in _PARTICLES or _VOWELS.search(folded) is not None


def _is_surely_something_else(said: Heard, words: list[str]) -> bool:
    if said.confidence < _SURE:
        return False
    # The understanding knows few names: an unusual one reads like any short word. Two words with
    # capitals, none of them a greeting's, are a name all the same.
    # "João Pessoa" reads like a call for a person.
    short = said.intent in _SHORT_WORDS or said.intent == "talk_to_human"
    return said.intent in _REQUESTS or (short and not _are_capitalised(words))


def _are_capitalised(words: list[str]) -> bool:
    named = [word for word in words if fold(word) not in _PARTICLES]
    return len(named) > 1 and all(word[:1].isupper() and word[1:].islower() for word in named)


def _capitalised(word: str) -> str:
    if fold(word) in _PARTICLES:
        return word.lower()
    if word.islower() or (word.isupper() and len(word) > 2):
        return word[:1].upper() + word[1:].lower()
    return word
