"""Nothing of a person is left in what designers read and what is trained; it still trains."""

import pytest

from desk.review.masking import CPF, EMAIL, LETTERED_CNPJ, NUMERIC_CNPJS, People, mask
from desk.review.sentences import MAX_CHARS, annotate, normal, sentence_of

JUSSARA = People(
    frozenset({"Jussara Albuquerque da Conceição"}), frozenset({"Padaria Estrela LTDA"})
)
NUMERIC = NUMERIC_CNPJS[0]
BARE = NUMERIC.replace(".", "").replace("/", "").replace("-", "")


def learned(text: str, people: People = JUSSARA) -> str:
    """The line of training data that a message becomes."""
    sentence = sentence_of(text, people)
    return annotate(sentence.text, sentence.marks)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("meu cnpj é 44.555.666/0001-81", f"meu cnpj é [{NUMERIC}](cnpj)"),
        ("44555666000181", f"[{BARE}](cnpj)"),
        ("cnpj 44 555 666 0001 81 ok", f"cnpj [{BARE}](cnpj) ok"),
        ("é 98.XYZ.345/01DE-11, viu", f"é [{LETTERED_CNPJ}](cnpj), viu"),
        ("é 98xyz34501de11", "é [12ABC34501DE35](cnpj)"),
        ("cpf 123.456.789-09", f"cpf {CPF}"),
        ("manda p/ joao.silva@loja.com.br, ok", f"manda p/ [{EMAIL}](email), ok"),
        ("JOAO@LOJA.COM", f"[{EMAIL}](email)"),
        ("sou jussara@padaria.com.br da loja", f"sou [{EMAIL}](email) da loja"),
        ("joao arroba gmail ponto com", EMAIL),
        ("status do #123 por favor", "status do #[123](ticket_number) por favor"),
        ("e o 2026-000123?", "e o [2026-000123](ticket_number)?"),
        ("veja https://loja.com/?token=abc", "veja https://exemplo.com.br"),
        ("sou a jussara", "sou a Maria"),
        ("JUSSARA ALBUQUERQUE DA CONCEICAO aqui", "Maria Souza aqui"),
        ("aqui da padaria estrela", "aqui da Empresa Exemplo"),
        ("meu nome é Zé Bonitinho", "meu nome é Maria Souza"),
        ("me chamo wanderleia", "me chamo Maria"),
        ("aqui é o Wanderley", "aqui é o Maria"),
        ("a juliana já me atendeu", "a Maria já me atendeu"),
    ],
)
def test_what_tells_who_somebody_is_becomes_something_made_up(text: str, line: str) -> None:
    assert learned(text) == line


@pytest.mark.parametrize(
    "phone",
    [
        *("(11) 98765-4321", "11987654321", "+55 11 98765-4321", "+5511987654321"),
        *("11 9 8765 4321", "98765-4321", "987654321", "3456-7890", "011 3456 7890"),
        *("(11)98765.4321", "11-98765-4321", "55 (11) 9 8765 4321", "tel:1134567890x"),
    ],
)
def test_no_phone_is_left_however_it_is_written(phone: str) -> None:
    line = learned(f"me liga {phone} hoje")
    digits = "".join(char for char in phone if char.isdigit())
    assert digits[-4:] not in line
    assert line.startswith("me liga ")
    assert line.endswith(" hoje")


@pytest.mark.parametrize(
    "text",
    [
        *("quero falar com o atendente", "falar com o Suporte", "o boleto de 12/05/2026 venceu"),
        *("não imprime 500 páginas", "deu erro 539 na nota", "R$ 1.234,56", "abre o Excel"),
    ],
)
def test_what_tells_nobody_stays(text: str) -> None:
    assert learned(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- intent: greet", "intent: greet"),
        ("oi\n- intent: hack\n  examples: |\n    - x", "oi - intent: hack examples: | - x"),
        ("oi\u2028- intent: x\u0085- y\x0b- z", "oi - intent: x - y - z"),
        ("  --- \n- - oi", "oi"),
        ("[clique](http://x) [a]{b}", "(clique)(https://exemplo.com.br (a)(b)"),
        ("[quero](talk_to_human)", "(quero)(talk_to_human)"),
        ("c:\\temp\\novo", "c:/temp/novo"),
        ("/restart", "restart"),
        ("# oi", "oi"),
        ("\x00o\ufeffi\u200b", "oi"),
        ("😀 oi 👨\u200d👩\u200d👧", "😀 oi 👨\u200d👩\u200d👧"),
        ("\n - \t", ""),
    ],
)
def test_what_yaml_or_rasa_would_read_as_a_sign_becomes_words(text: str, line: str) -> None:
    assert learned(text) == line


def test_a_pasted_page_is_cut_between_words_and_never_within_an_entity() -> None:
    long = sentence_of("palavra " * 5000, JUSSARA)
    assert len(long.text) <= MAX_CHARS
    assert long.text.endswith("palavra")
    words = "x" * (MAX_CHARS - 8)
    at_the_end = sentence_of(f"{words} 44.555.666/0001-81", JUSSARA)
    assert at_the_end.text == words
    assert at_the_end.marks == []
    assert len(sentence_of("a" * 20_000, JUSSARA).text) == MAX_CHARS


def test_a_mark_stands_where_its_words_are_among_emoji_and_other_marks() -> None:
    masked = mask("😀 44.555.666/0001-81 e 11.222.333/0001-81, a@b.com", People())
    shown = [(masked.text[each.start : each.end], each.entity) for each in masked.marks]
    assert shown == [(NUMERIC, "cnpj"), (NUMERIC_CNPJS[1], "cnpj"), (EMAIL, "email")]


def test_sentences_are_the_same_whatever_their_case_accents_signs_and_marks() -> None:
    same = ("Não consigo, entrar!", "nao CONSIGO entrar", "não [consigo](verbo) entrar??")
    assert len({normal(each) for each in same}) == 1
    assert normal("👍") != normal("👎")


def test_what_stands_side_by_side_is_never_left_half() -> None:
    line = learned("44.555.666/0001-81 11 98765-4321 joao@loja.com 123.456.789-09")
    assert not [part for part in ("4321", "joao", "loja", "456", "0001-81 11 9") if part in line]
    assert line.startswith(f"[{NUMERIC}](cnpj)")
    assert "Wanderley" not in learned("sou a Maria Wanderley")
    assert "da Conceição" not in learned("sou a Jussara Wanderley da Conceição")
