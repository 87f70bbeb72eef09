"""What single messages are read as."""

import pytest

from actions.menu import Option, chosen
from actions.names import introduces_name, name_in
from actions.numbers import number_in
from actions.problems import problem_told
from actions.scores import score_in
from actions.turn import Heard
from actions.wording import first_sentence, says_finished, says_no, says_yes


def said(text: str, intent: str = "nlu_fallback", confidence: float = 0.9) -> Heard:
    return Heard(text, intent, confidence, None, {}, {})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Maria Souza", "Maria Souza"),
        ("joão da silva", "João da Silva"),
        ("MARIA DAS DORES", "Maria das Dores"),
        ("meu nome é Pedro", "Pedro"),
        ("me chamo Ana Clara.", "Ana Clara"),
        ("Aqui é o Zé Carlos", "Zé Carlos"),
        ("Joana d'Arc Pereira", "Joana d'Arc Pereira"),
        ("J. P. Alves", "J. P. Alves"),
        ("Li Wei", "Li Wei"),
        ("Ana Paula Vila Nova", "Ana Paula Vila Nova"),
        ("carlos claro", "Carlos Claro"),
        ("Fernando Pessoa", "Fernando Pessoa"),
        ("claro", None),
        ("nota nova", None),
        ("boa noite", None),
        ("Luiz e meu email é luiz@x.com", "Luiz"),
        ("sim", None),
        ("asdfasdf", None),
        ("fghjk", None),
        ("kkkkk", None),
        ("qual?", None),
        ("bom dia", None),
        ("quero falar com atendente", None),
        ("12345", None),
        ("😀", None),
        ("a" * 300, None),
        ("", None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert name_in(said(text)) == name


def test_a_sure_request_is_no_name() -> None:
    assert name_in(said("João Pessoa", "talk_to_human", 0.95)) == "João Pessoa"
    assert name_in(said("joão pessoa", "talk_to_human", 0.95)) is None
    assert name_in(said("Falar Com Pessoa", "talk_to_human", 0.95)) is None
    assert name_in(said("Estoque zerado", "open_ticket", 0.95)) is None
    assert name_in(said("Estela Zerado", "out_of_scope", 0.95)) == "Estela Zerado"


@pytest.mark.parametrize("text", ["meu nome é Ana", "me chamo Ana", "Sou o Pedro"])
def test_introductions(text: str) -> None:
    assert introduces_name(text)
    assert not introduces_name("sou o dono da padaria")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("opção 2", 2),
        ("2️⃣", 2),
        ("a segunda", 2),
        ("três", 3),
        ("10", 10),
        ("1 ou 2", None),
        ("2026-000123", None),
        ("quero um atendente agora por favor", None),
        ("", None),
    ],
)
def test_numbers(text: str, number: int | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize("text", ["Fim", "fim!", "FIM.", "pronto", "é só isso", "não tenho nada"])
def test_finished(text: str) -> None:
    assert says_finished(text)


@pytest.mark.parametrize("text", ["o fim do mês não fecha", "finalmente parou", "nota errada"])
def test_not_finished(text: str) -> None:
    assert not says_finished(text)
    assert not says_no(text)
    assert not says_yes(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("quero abrir um chamado", None),
        ("novo atendimento", None),
        ("0 - Criar novo atendimento", None),
        ("bom dia, to com problema", None),
        ("oi, minha impressora parou", "Minha impressora parou"),
        ("quero abrir um chamado porque a nota não sai", "A nota não sai"),
    ],
)
def test_problems(text: str, problem: str | None) -> None:
    assert problem_told(said(text, "open_ticket")) == problem


@pytest.mark.parametrize(
    ("text", "score"), [("4", 4), ("nota zero", 1), ("muito bom", 5), ("regular", 3), ("oi", None)]
)
def test_scores(text: str, score: int | None) -> None:
    assert score_in(text) == score


def test_a_subject_is_the_first_sentence_and_cut_at_a_word() -> None:
    assert first_sentence("Parou. Desde ontem.", 50) == "Parou"
    assert first_sentence("palavra " * 40, 20) == "palavra palavra…"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("não", None),
        ("nao", None),
        ("sim", None),
        ("ok", None),
        ("boletos", "2"),
        ("relatorio", "1"),
        ("o relatório não", "1"),
        ("hegou", None),
        ("2", "2"),
        ("o último", "3"),
    ],
)
def test_a_line_of_a_menu_is_chosen_by_its_words_but_never_by_a_bare_yes_or_no(
    text: str, key: str | None
) -> None:
    lines = ["#7 - O relatório não aparece (Aberto)", "Boletos de simulação ok", "Não chegou nada"]
    options = [Option(str(number), line, "menu") for number, line in enumerate(lines, 1)]
    found = chosen(options, Heard(text, "nlu_fallback", 0.9, 1, {}, {}))
    assert (found.key if found else None) == key
