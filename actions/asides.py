"""Whether what a message names is the writer's own, or a part of another matter.

"Meu e-mail é ana@…" corrects an address; "manda a nota pro contador no e-mail ana@…" does not.
"""

import re

from actions.wording import fold
from desk.knowledge.phrasing.masking import mask

_PLACEHOLDER = re.compile(r"\[(?:e-mail|cnpj|cpf|numero|telefone|link)\]")
_MASKED = re.compile(r"\[[A-ZÀ-Ý-]+\]")
_GIVEN = re.compile(
    r"(?:^|(?<=[,.!] ))(?:(?:o|meu|nosso)\s+)?(?:cnpj|e-?mail)(?:\s+(?:é|e|eh))?\s*[,.;:]+",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?|\b(?:como (?:eu|e que|faco|se|posso|que|\w+o)"
    r"|onde (?:eu|fica|esta|encontro|acho|vejo|baix\w+)"
    r"|qual (?:o|a|e)|quais|quanto|por ?que|pq|da (?:pra|para))\b"
)
_OWN = re.compile(
    r"\b(?:meu|nosso) (?:\w+ )?(?:email|mail|cnpj|endereco|contato)(?: \w+){0,3} named"
    r"|\b(?:o|a) (?:\w+ )?(?:cert|corret)[oa] (?:e|eh|seria) named"
    r"|\b(?:sou|somos|falo|falamos) (?:\w+ ){0,6}named"
)
_BUSINESS = re.compile(
    r"\b(?:nota|notas|nf|nfe|nfs|xml|boletos?|faturas?|cobranca\w*|pagament\w*|contador\w*|client\w+"
    r"|fornecedor\w*|relatorios?|pedidos?|vendas?|usuari\w+|funcionari\w+|emit\w+|receb\w+|cheg\w+"
    r"|erros?|problemas?|entra|funciona\w*|veio|senha|acesso|convite\w*)\b"
)
_FILLERS = re.compile(
    r"""
    named|e|eh|o|a|os|as|ola|oi|bom|boa|dia|tarde|noite|opa|meu|minha|nosso|nossa|este|esse|esta|essa|
    isso|aqui|aki|ai|segue|vai|toma|olha|anota|anotar|pode|poderia|quero|queria|favor|por|pfv|vc|
    voce|email|mail|cnpj|empresa|loja|firma|matriz|filial|de|do|da|no|na|em|pra|para|pro|ser|usar|usa|
    novo|nova|numero|nro|certo|correto|ok|sim|entao|obrigado|obrigada|vlw|agora|que|eu|uso|tem|
    contato|endereco|cadastrado|outro|outra
    """,
    re.VERBOSE,
)
_MOST_OTHER_WORDS = 4
_FEWEST_TOLD_WORDS = 4
_TROUBLE = re.compile(
    r"\b(?:(?:nao|n) (?!tenho|sei|e\b|eh\b|lembro)|erros?|problemas?|parou|parada|trav\w+|caiu"
    r"|sumi\w+"
    r"|lent[oa]|fora do ar|atrasad[oa]|bloquead[oa]|errad[oa] (?:n|d|no|na|o|a)\b)"
)
_PEOPLE = (
    r"(?:funcionari[oa]|colaborador\w*|colega|client\w+|soci[oa]|chefe|patrao|marido|esposa|filh[oa]"
    r"|vendedor\w*|contador\w*|estagiari[oa])"
)
# One's own as well: "esqueci a senha do usuário".
_ROLES = r"(?:administrador\w*|admin|gerente|usuari[oa]|equipe)"
_FIRST_PERSON = re.compile(r"\b(?:esqueci|perdi|lembro|minha senha|meu (?:acesso|usuario|login))\b")
_OF_ANOTHER = re.compile(
    rf"\b(?:dele|dela|deles|delas|de outr[oa]s?|d[oa] (?:\w+ )?{_PEOPLE}"
    rf"|(?:meu|minha|nosso|nossa|um|uma|o|a) {_PEOPLE} (?:\w+ ){{0,2}}"
    r"(?:esquec\w+|perd\w+|nao|n))\b"
)


_OF_A_ROLE = re.compile(rf"\bd[oa] (?:\w+ )?{_ROLES}\b")


def asks_something(text: str) -> bool:
    """Whether a message asks, whatever it names besides."""
    return _QUESTION.search(_plain(text)) is not None


def gives_own(text: str) -> bool:
    """Whether the address or the CNPJ in a message is given as the writer's own."""
    plain = _plain(text)
    if _OWN.search(plain) and not ("nao" in plain.split() and _BUSINESS.search(plain)):
        return True
    if asks_something(text) or _BUSINESS.search(plain):
        return False
    others = [word for word in plain.split() if not _FILLERS.fullmatch(word)]
    return len(others) <= _MOST_OTHER_WORDS


def told_beside(text: str) -> str:
    """The trouble or the question that comes with an address or a CNPJ; "" when none does."""
    rest = without_named(text)
    if rest == " ".join(text.split()) or len(rest.split()) < _FEWEST_TOLD_WORDS:
        return ""
    return rest if asks_something(rest) or _TROUBLE.search(fold(rest)) else ""


def is_of_another(text: str) -> bool:
    """Whether a message speaks of the access of somebody else: "a senha do meu funcionário"."""
    plain = _plain(text)
    if _OF_ANOTHER.search(plain):
        return True
    return _OF_A_ROLE.search(plain) is not None and not _FIRST_PERSON.search(plain)


def without_named(text: str) -> str:
    """A message without the addresses and numbers in it, as a documentation can answer it."""
    return " ".join(_GIVEN.sub(" ", " ".join(_MASKED.sub(" ", mask(text)).split())).split())


def _plain(text: str) -> str:
    named = _PLACEHOLDER.sub(" named ", fold(mask(text[:600])))
    return " ".join(re.sub(r"[^\w\s?]", " ", named.replace("e-mail", "email")).split())
