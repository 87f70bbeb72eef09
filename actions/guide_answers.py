"""Whether a step helped, in whatever words it is said."""

import difflib
import re

from actions.numbers import number_in
from actions.turn import Heard
from actions.wording import fold, says_no, says_yes

_NO = re.compile(
    r"\b(?:nao|n|nn|naum|nem|nada|negativo|ainda|continua\w*|persiste|piorou|igual"
    r"|mesm[oa] (?:coisa|erro|problema|mensagem|jeito)"
    r"|(?:da|deu|dando|dar) (?:o )?(?:erro|problema)"
    r"|ja (?:tentei|fiz|testei|tinha (?:tentado|feito)))\b"
)
_YES = re.compile(
    r"\b(?:deu (?:certo|bom|boa)|voltou|entrei|entrou|agora (?:sim|foi)|foi (?:agora|sim)|abriu"
    r"|apareceu|normalizou|tudo certo|show|perfeito)\b"
)
_YES_WORDS = (
    "funcionou",
    "funcionando",
    "resolveu",
    "resolvido",
    "consegui",
    "solucionou",
    "arrumou",
)
_NOT_YET_DONE = frozenset({"resolve", "resolver", "funciona", "funcione", "conseguir"})
_LIKE = 0.78
# "Apareceu um erro", "entrou mas caiu": what came was not what was hoped for.
_TROUBLE = re.compile(
    r"\b(?:erros?|falhas?|falhou|problemas?|cai\w*|trav\w+|sumi\w*|de novo|branc[oa]|azul|pret[oa]"
    r"|vazi[oa]|outra vez|bloquead\w+|negad\w+|invalid\w+)\b"
)
_NO_TROUBLE = re.compile(
    r"\b(?:sem|nenhum|sumiu o|parou (?:de dar|com) o?)\s*(?:mais )?(?:erros?|falhas?|problemas?)\b"
)
# Not surely good, not surely bad.
_UNSURE = re.compile(r"\b(?:mas|porem|so que|quase|mensagem|aviso|alerta|tela|outr[oa])\b")
_LATER = re.compile(
    r"\b(?:(?:um|1|so|mais)(?: um)? (?:minut\w+|min|momento|instante|segundo|seg|pouco|tempo)"
    r"|minutinho|momentinho|instantinho|segundinho|per[ae]i?|espera|espere|calma|aguarde?"
    r"|(?:vou|irei|deixa eu|xo) (?:ver|tentar|testar|fazer|olhar|conferir|verificar|experimentar)"
    r"|(?:estou|to|tou) (?:tentando|fazendo|testando|indo|reiniciando|limpando|esperando)"
    r"|ja (?:volto|vejo|te falo|te digo|tento)"
    r"|(?:nao|n|nn|naum) (?:tentei|fiz|testei|deu tempo))\b"
)
_LOST = re.compile(
    r"\b(?:(?:nao|n|nn|naum) (?:entendi|compreendi|sei (?:o que|oq|onde|como|qual|fazer|mexer))"
    r"|como assim|o ?q(?:ue)? (?:e|eh) (?:isso|esse|essa)"
    r"|(?:onde|como) (?:fica|faco|faz|acho|eu|esta|ta|e)(?: \w+)?"
    r" (?:isso|isto|esse|essa|nisso|nesse|nessa)"
    r"|(?:me )?explica\w*)\b"
)
_ASKS = re.compile(
    r"^(?:e |mas )?(?:como|onde|qual|quais|quanto|por ?que|pq|oque|o que|oq"
    r"|quando (?:vai|volta|fica|sera|vao))\b"
)
_FILLERS = frozenset({"opcao", "numero", "item", "a", "o", "e", "eh", "foi"})
_MOST_WORDS = 14
_MOST_WORDS_BY_INTENT = 6
_SURE = 0.5


def has_helped(said: Heard) -> bool | None:
    """True or False for what says so, also with typos; None for everything else."""
    text = _plain(said.text)
    words = text.split()
    if not words:
        return _by_sign(said.text)
    if len(words) > _MOST_WORDS:
        return None
    number = number_in(said.text)
    if number in (1, 2) and len([word for word in words if word not in _FILLERS]) == 1:
        return number == 1
    if says_no(said.text):
        return False
    if says_yes(said.text):
        return True
    if asks(said.text) or asks_for_time(said.text) or is_lost(said.text):
        return None
    if _NO.search(text):
        return False
    if _YES.search(text) or any(_is_like(word) for word in words):
        return _good_news(text)
    return _by_intent(said) if len(words) <= _MOST_WORDS_BY_INTENT else None


def asks(text: str) -> bool:
    """Whether a message is a question, with or without its mark."""
    return text.strip().endswith("?") or _ASKS.search(_plain(text)) is not None


def asks_for_time(text: str) -> bool:
    """Whether the step is still being tried: "um minuto", "vou tentar"."""
    return _LATER.search(_plain(text)) is not None


def is_lost(text: str) -> bool:
    """Whether the step was not understood: "não entendi", "onde fica isso"."""
    return _LOST.search(_plain(text)) is not None


def _good_news(text: str) -> bool | None:
    without = _NO_TROUBLE.sub(" ", text)
    if _TROUBLE.search(without):
        return False
    return None if _UNSURE.search(without) else True


def _by_sign(text: str) -> bool | None:
    good, bad = any(sign in text for sign in "👍✅👏🙌"), any(sign in text for sign in "👎❌🚫")
    return None if good == bad else good


def _is_like(word: str) -> bool:
    if word in _NOT_YET_DONE:
        return False
    return bool(difflib.get_close_matches(word, _YES_WORDS, n=1, cutoff=_LIKE))


def _by_intent(said: Heard) -> bool | None:
    if said.confidence < _SURE:
        return None
    return {"affirm": True, "deny": False}.get(said.intent)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", fold(text[:300])).split())
