"""Chat brought back to the words it means, and what it mentions."""

import pytest

from nlu.chat_text import words_of
from nlu.mentions import READ_AT_MOST_CHARS, find_mentions


def meant(text: str) -> str:
    return " ".join(word.meant for word in words_of(text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Oiiiii", "oi"),
        ("qro fala c vc", "quero falar com voce"),
        ("n consigo entra no portal", "nao consigo entrar no portal"),
        ("sairr", "sair"),
        ("Impressão", "impressao"),
        ("kkkkkk", "risos"),
        ("opção 2", "opcao numerocurto"),
        ("#2026-000123", "numerolongo"),
        ("cnpj 11.222.333/0001-81", "cnpj numerocnpj"),
        ("12.ABC.345/01DE-35", "numerocnpj"),
        ("sou do 11 222 333 0001 81", "sou do numerocnpj"),
        ("é maria@x.com.br", "e enderecoemail"),
        ("tem gente?", "tem gente ?"),
        ("", ""),
    ],
)
def test_meaning(text: str, plain: str) -> None:
    assert meant(text) == plain


def test_only_the_beginning_of_a_long_message_is_read() -> None:
    words = words_of("palavra " * 5000)
    assert words[-1].start < READ_AT_MOST_CHARS


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("11222333000181", ["cnpj:11222333000181"]),
        ("meu cnpj é 11.222.333/0001-81!", ["cnpj:11.222.333/0001-81"]),
        ("cnpj 12.abc.345/01de-35 ok", ["cnpj:12.abc.345/01de-35"]),
        ("11 222 333 0001 81", ["cnpj:11 222 333 0001 81"]),
        ("cnpj11222333000181", ["cnpj:11222333000181"]),
        ("11,222,333/0001 - 81", ["cnpj:11,222,333/0001 - 81"]),
        ("12 ABC 345 01DE 35", ["cnpj:12 ABC 345 01DE 35"]),
        ("12 ABC 345 01DE 36", []),
        ("a@b.com.br e c@d.com", ["email:a@b.com.br", "email:c@d.com"]),
        ("status do 123", ["ticket_number:123"]),
        ("status do 7", ["ticket_number:7"]),
        ("qual a situação do 12?", ["ticket_number:12"]),
        ("chamado #45", ["ticket_number:45"]),
        ("o 2026-000123 já foi?", ["ticket_number:2026-000123"]),
        ("4567", ["ticket_number:4567"]),
        ("ticket de número 12", ["ticket_number:12"]),
        ("chamados 12 e 15", ["ticket_number:12", "ticket_number:15"]),
        ("o atendimento é 5", []),
        ("7", []),
        ("custa R$ 1.250,00", []),
        ("liga no 11 98765-4321", []),
        ("desde 12/05/2026", []),
        ("a nota 539 foi rejeitada", []),
    ],
)
def test_mentions(text: str, mentions: list[str]) -> None:
    assert [f"{each['entity']}:{each['value']}" for each in find_mentions(text)] == mentions
    for each in find_mentions(text):
        assert text[each["start"] : each["end"]] == each["value"]
