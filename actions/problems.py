"""Whether somebody told a problem, or only asked for a ticket."""

import re

from actions.turn import Heard
from actions.wording import fold

_COMMAND = re.compile(
    r"(?:0 ?- ?)?(?:(?:oi|ola|bom dia|boa tarde|boa noite|opa)[\s,!.]*)?"
    r"(?:eu )?(?:quero|queria|qro|gostaria de|preciso(?: de)?|prefiro|posso|vou|desejo|pode)?\s*"
    r"(?:abri\w*|abre|criar?|cria|registrar?|fazer|novo|nova|um novo|uma nova)?\s*"
    r"(?:uma?|o|a)?\s*(?:novo|nova|outro|outra)?\s*"
    r"(?:chamados?|xamado|atendimentos?|tickets?|solicitac\w+|ocorrencia|suporte|problemas?|"
    r"erro|incidente|ajuda)?"
    r"(?: de suporte| no sistema| pra mim| para mim| por favor| pfv?| ai| aqui)*[\s.!?]*"
)
_VAGUE = re.compile(
    r"(?:oi|ola|bom dia|boa tarde)?[\s,]*(?:estou|to|tou|tenho)\s+(?:com\s+)?(?:um\s+)?problema\w*"
    r"(?: no sistema| aqui| aki)?[\s.!]*"
)
_GREETING = re.compile(
    r"^(?:(?:oi+e?|ol[aá]|opa|bom dia|boa tarde|boa noite|e a[ií]|tudo bem|td bem)\b[\s,!.?]*)+",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"^(?:eu )?(?:sou|somos|falo|falamos|aqui [eé]) .{0,60}?\bcnpj\b\W*(?:e\b|pois|que)?\s*",
    re.IGNORECASE,
)
_ASKED_WITH_IT = re.compile(
    r"^.*?\b(?:chamado|atendimento|ticket|solicita[cç][aã]o)\b\s*"
    r"(?:[:,\-]|porque|pq|pois|sobre|que|para|pra)\s+",
    re.IGNORECASE,
)


_FEWEST_TELLING_WORDS = 2
_TICKET_WISH = re.compile(
    r"\b(?:abri\w*|criar?|registrar?|novo)\b.{0,15}\b(?:chamado|xamado|atendimento|ticket)"
)


def asks_for_ticket(text: str) -> bool:
    """Whether a message asks for a ticket beside what else it says."""
    return _TICKET_WISH.search(fold(text)) is not None


def tells_matter(said: Heard) -> bool:
    """Whether words that read like a request tell of the matter itself: "rejeição 225"."""
    if asks_for_ticket(said.text) or said.word_count < _FEWEST_TELLING_WORDS:
        return False
    return problem_told(said) is not None


def problem_told(said: Heard) -> str | None:
    """The problem that a message tells; None for a bare "quero abrir um chamado"."""
    if said.intent != "open_ticket" or not said.text:
        return None
    plain = fold(said.text)
    if _COMMAND.fullmatch(plain) or _VAGUE.fullmatch(plain):
        return None
    return begun_anew(_ASKED_WITH_IT.sub("", said.text).strip() or said.text)


def begun_anew(text: str) -> str:
    """What was told, without the greeting and the introduction before it."""
    told = _INTRODUCTION.sub("", _GREETING.sub("", text)).strip() or text
    return told[:1].upper() + told[1:]
