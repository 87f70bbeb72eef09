"""Portuguese text as the terms that word search compares: folded, without stop words, stemmed."""

import re
from functools import cache

from snowballstemmer import stemmer

from desk.text import fold

_WORD = re.compile(r"[a-z0-9]+")
_STOP_WORDS = frozenset(
    fold(
        "a o as os um uma uns umas de do da dos das em no na nos nas num numa por pelo pela pelos"
        " pelas para pra pro com sem sobre e ou mas que se como quando onde qual quais quem porque"
        " é ser são foi era está estou estar tá tô ao aos à às este esta esse essa isso isto aquele"
        " aquela ele ela eles elas eu você vocês vc vcs nós me te lhe meu minha seu sua já sim mais"
        " muito também há ter tem tinha entre até após aqui aí lá faz faço fazer pode posso poder"
        " consigo quero queria gostaria preciso vou vai"
    ).split()
)
# What people write in chats for what a page writes out.
_MEANT = {"n": "nao", "nf": "nota", "nfe": "nota", "cel": "celular", "zap": "whatsapp"}


# Plurals that the stemmer takes for other words: fiscais, níveis, lençóis, opções, cães.
_PLURALS = {"ais": "al", "eis": "el", "ois": "ol", "oes": "ao", "aes": "ao"}
_SHORTEST_PLURAL = 5


@cache
def _stem(word: str) -> str:
    ending = _PLURALS.get(word[-3:])
    singular = word[:-3] + ending if ending and len(word) >= _SHORTEST_PLURAL else word
    return str(_stemmer().stemWord(singular))


@cache
def _stemmer() -> stemmer:
    return stemmer("portuguese")


def terms_of(text: str) -> list[str]:
    """The terms of a text, in order, repeated as they stand.

    Accents are folded before stemming: customers leave them out, and the stemmer treats words with
    and without them differently.
    """
    words = (_MEANT.get(word, word) for word in _WORD.findall(fold(text)))
    return [_stem(word) for word in words if word not in _STOP_WORDS]
