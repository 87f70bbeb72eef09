"""CNPJs in what people write."""

import pytest

from desk.companies.cnpj import CnpjMention, find_cnpj, format_cnpj, is_valid_cnpj


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11222333000181", "11222333000181"),
        ("11.222.333/0001-81", "11222333000181"),
        ("meu cnpj é 11.222.333/0001-81, obrigada", "11222333000181"),
        ("CNPJ:11.222.333/0001-81.", "11222333000181"),
        ("11 222 333 0001 81", "11222333000181"),
        ("11.222.333 / 0001 - 81", "11222333000181"),
        ("11.222.333/0001–81", "11222333000181"),  # a phone's dash
        ("(11.222.333/0001-81)", "11222333000181"),
        ("linha de cima\n11.222.333/0001-81\nlinha de baixo", "11222333000181"),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("é a 12.abc.345/01de-35 mesmo", "12ABC34501DE35"),
        ("90.410.023/0002-48", "90410023000248"),
        ("38119044000108", "38119044000108"),
    ],
)
def test_a_valid_cnpj_is_found_however_it_is_written(text: str, value: str) -> None:
    assert find_cnpj(text) == CnpjMention(value, valid=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11.222.333/0001-82", "11222333000182"),
        ("o cnpj é 11222333000180", "11222333000180"),
        ("12.ABC.345/01DE-36", "12ABC34501DE36"),
        ("00000000000000", "00000000000000"),
        ("1122233300018", "1122233300018"),  # a digit is missing
        ("112223330001811", "112223330001811"),  # one too many
    ],
)
def test_wrong_digits_are_noticed_as_a_wrong_cnpj(text: str, value: str) -> None:
    assert find_cnpj(text) == CnpjMention(value, valid=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oi, tudo bem?",
        "meu chamado é o 2026-000123",
        "999.11222333000181.5000 não: 9911222333000181",
        "protocolo 911222333000181999",
        "ref AB11222333000181",
        "telefone (11) 98765-4321",
        "²²²²²²²²²²²²²²",
        "١١٢٢٢٣٣٣٠٠٠١٨١",
        "😀" * 20,
    ],
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert find_cnpj(text) is None


def test_the_valid_one_of_two_is_taken() -> None:
    mention = find_cnpj("errei, não é 11.222.333/0001-82, é 11.222.333/0001-81")
    assert mention == CnpjMention("11222333000181", valid=True)


def test_ordinary_words_before_a_number_are_no_cnpj_whatever_the_number() -> None:
    found = [number for number in range(100) if find_cnpj(f"eu vou ver isso {number:02d}")]
    assert found == []


@pytest.mark.parametrize("cnpj", ["11222333000181", "12ABC34501DE35", "90410023000248"])
def test_of_the_hundred_pairs_of_check_digits_one_is_right(cnpj: str) -> None:
    pairs = [f"{number:02d}" for number in range(100)]
    assert [pair for pair in pairs if is_valid_cnpj(cnpj[:12] + pair)] == [cnpj[12:]]


def test_it_is_shown_with_its_punctuation() -> None:
    assert format_cnpj("12ABC34501DE35") == "12.ABC.345/01DE-35"
